/** The report's whole style sheet: it must open from a disk, years later, without any server. */
export const reportStyle = `
:root { color-scheme: light dark; --text: #171b20; --muted: #59636e; --line: #d5dade; --page: #fff; }
@media (prefers-color-scheme: dark) { :root { --text: #e8ebee; --muted: #9ba6b1; --line: #343b42; --page: #181c20; } }
@media print { .scroll { overflow: visible; } table { font-size: 10px; } th, td { padding: 2px 5px; } :root { color-scheme: light; --text: #000; --muted: #444; --line: #bbb; --page: #fff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 20px 64px; max-width: 1240px; background: var(--page); color: var(--text);
  font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif; font-variant-numeric: tabular-nums; }
h1 { margin: 0 0 4px; font-size: 26px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 40px 0 8px; font-size: 18px; }
p { margin: 0 0 8px; }
.muted, .notes { color: var(--muted); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 4px 10px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; vertical-align: baseline; }
th { font-weight: 550; }
thead th[scope='colgroup'] { text-align: center; }
thead th { min-width: 60px; max-width: 130px; color: var(--muted); font-size: 12px; white-space: normal; vertical-align: bottom; }
thead th[scope='colgroup'] { max-width: none; }
caption { text-align: left; }
.left { text-align: left; white-space: normal; min-width: 150px; }
.line > * { border-top: 2px solid var(--line); }
.rest { color: var(--muted); font-size: 12.5px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); gap: 8px 20px; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure.wide { grid-column: 1 / -1; overflow-x: auto; }
figure.wide svg { min-width: 900px; }
svg { display: block; width: 100%; height: auto; }
details { margin: 2px 0 10px; }
summary { color: var(--muted); font-size: 12.5px; cursor: pointer; }
details table { font-size: 12px; }
pre { overflow-x: auto; padding: 12px; border: 1px solid var(--line); border-radius: 6px; font: 12px/1.5 ui-monospace, Menlo, Consolas, monospace; }
footer { margin-top: 48px; color: var(--muted); font-size: 12.5px; }
`;
