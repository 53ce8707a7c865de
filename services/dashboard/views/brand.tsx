/** The mark and the name, which lead home. */
export function Brand() {
  return (
    <a class="brand" href="/">
      <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
        <path d="M26 8.5H15.5a7.5 7.5 0 1 0 6 3" />
      </svg>
      sigmasweep
    </a>
  );
}

/** The bar of pages that lead nowhere else. */
export function BrandBar() {
  return (
    <header class="bar">
      <div class="bar-inner">
        <Brand />
      </div>
    </header>
  );
}
