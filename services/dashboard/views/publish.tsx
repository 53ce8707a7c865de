/** Files that tell the whole sweep, beside those of its table. */
const files = [
  { file: 'report.html', label: 'Report (HTML)' },
  { file: 'protocol.md', label: 'Protocol (Markdown)' },
  { file: 'protocol.tex', label: 'Protocol (LaTeX)' },
] as const;

export function PublishLinks({ sweepId }: { sweepId: string }) {
  return (
    <p class="links" aria-label="Download the whole sweep">
      {files.map(({ file, label }) => (
        <a href={`/sweeps/${sweepId}/${file}`} download>
          {label}
        </a>
      ))}
    </p>
  );
}
