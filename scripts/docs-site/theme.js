// Before the page is drawn, so that it does not flash: what the person chose, otherwise what the system says.
try {
  const chosen = localStorage.getItem('theme');
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden; the system's choice stands.
}
