/** The page's icon, inside its address: one request less, and no file. */
export const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%230072B2'/%3E%3Cpath d='M25 9H15.5a7 7 0 1 0 5.6 2.8' fill='none' stroke='white' stroke-width='3.4' stroke-linecap='round'/%3E%3C/svg%3E";
