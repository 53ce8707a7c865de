import type { Child } from 'hono/jsx';
import type { Setting } from '../../shared/compare/results.js';

export interface GridDrawingProps {
  /** Of the sweep, in its order. */
  readonly tasks: readonly { readonly name: string; readonly label: string }[];
  readonly rows: readonly Setting[];
}

/** A row's weights as shares of their sum; undefined for rows that learn them. */
function sharesOf(row: Setting, tasks: GridDrawingProps['tasks']): number[] | undefined {
  const { weights } = row;
  if (weights === null) return undefined;
  const values = tasks.map(({ name }) => weights[name] ?? 0);
  const sum = values.reduce((total, value) => total + value, 0);
  return sum > 0 ? values.map((value) => value / sum) : undefined;
}

const place = (value: number): string => value.toFixed(2);
const percent = (share: number): string => `${String(Math.round(share * 1000) / 10)} %`;

/** Two decimals are enough to tell the places of points apart: equal ones are drawn once. */
function points(rows: GridDrawingProps['rows'], tasks: GridDrawingProps['tasks']) {
  const seen = new Map<string, { shares: number[]; single: boolean; title: string }>();
  for (const row of rows) {
    const shares = sharesOf(row, tasks);
    if (shares === undefined) continue;
    const key = shares.map((share) => share.toFixed(4)).join();
    if (seen.has(key)) continue;
    const title = tasks.map(({ label }, index) => `${label} ${percent(shares[index] ?? 0)}`).join(', ');
    seen.set(key, { shares, single: row.kind === 'single', title });
  }
  return [...seen.values()];
}

/** Where the sweep's fixed weights lie: on a line for two tasks, in a triangle for three. The table beside it says the same. */
export function GridDrawing({ tasks, rows }: GridDrawingProps) {
  const drawn = points(rows, tasks);
  const learned = rows.filter((row) => row.weights === null).length;
  if (drawn.length === 0 || tasks.length < 2 || tasks.length > 3) return null;
  const spoken = `${String(drawn.length)} points of fixed weights of ${tasks.map(({ label }) => label).join(', ')}`;
  return (
    <figure class="grid-drawing">
      {tasks.length === 2 ? (
        <Line tasks={tasks} drawn={drawn} spoken={spoken} />
      ) : (
        <Ternary tasks={tasks} drawn={drawn} spoken={spoken} />
      )}
      <figcaption>
        <span class="key">
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <circle class="grid-point" cx="6" cy="6" r="4" />
          </svg>
          fixed weights, as shares of their sum
        </span>
        {drawn.some(({ single }) => single) ? (
          <span class="key">
            <svg viewBox="0 0 12 12" aria-hidden="true">
              <rect class="grid-point grid-single" x="2" y="2" width="8" height="8" />
            </svg>
            a single task
          </span>
        ) : null}
        {learned === 0 ? null : <span>{learned} with learned weights move and have no place here.</span>}
      </figcaption>
    </figure>
  );
}

interface DrawingProps {
  readonly tasks: GridDrawingProps['tasks'];
  readonly drawn: ReturnType<typeof points>;
  readonly spoken: string;
}

function Point({ x, y, single, title }: { x: number; y: number; single: boolean; title: string }) {
  return single ? (
    <rect class="grid-point grid-single" x={place(x - 5)} y={place(y - 5)} width="10" height="10">
      <title>{title}</title>
    </rect>
  ) : (
    <circle class="grid-point" cx={place(x)} cy={place(y)} r="4.5">
      <title>{title}</title>
    </circle>
  );
}

function Drawing({ box, spoken, children }: { box: string; spoken: string; children?: Child }) {
  return (
    <svg viewBox={box} role="img" aria-label={spoken}>
      {children}
    </svg>
  );
}

/** The share of the first task, from 0 to 1. */
function Line({ tasks, drawn, spoken }: DrawingProps) {
  const [left, right, y] = [24, 376, 30];
  const at = (share: number): number => left + (right - left) * share;
  return (
    <Drawing box="0 0 400 86" spoken={spoken}>
      <line class="grid-axis" x1={left} y1={y} x2={right} y2={y} />
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <>
          <line class="grid-axis" x1={place(at(share))} y1={y + 9} x2={place(at(share))} y2={y + 14} />
          <text class="grid-tick" x={place(at(share))} y={y + 28} text-anchor="middle">
            {share}
          </text>
        </>
      ))}
      <text class="grid-label" x={left - 16} y={y + 48}>
        only {tasks[1]?.label}
      </text>
      <text class="grid-label" x={right + 16} y={y + 48} text-anchor="end">
        only {tasks[0]?.label}
      </text>
      {drawn.map(({ shares, single, title }) => (
        <Point x={at(shares[0] ?? 0)} y={y} single={single} title={title} />
      ))}
    </Drawing>
  );
}

/** Each corner is one task alone; the distance from the opposite side is its share. */
function Ternary({ tasks, drawn, spoken }: DrawingProps) {
  const corners = [
    [200, 36],
    [40, 313],
    [360, 313],
  ] as const;
  const at = (shares: readonly number[]): [number, number] => [
    corners.reduce((sum, [x], index) => sum + x * (shares[index] ?? 0), 0),
    corners.reduce((sum, [, y], index) => sum + y * (shares[index] ?? 0), 0),
  ];
  const segment = (from: readonly number[], to: readonly number[], style: string) => {
    const [[x1, y1], [x2, y2]] = [at(from), at(to)];
    return <line class={style} x1={place(x1)} y1={place(y1)} x2={place(x2)} y2={place(y2)} />;
  };
  return (
    <Drawing box="0 0 400 350" spoken={spoken}>
      {[0.25, 0.5, 0.75].map((share) => (
        <>
          {segment([share, 1 - share, 0], [share, 0, 1 - share], 'grid-guide')}
          {segment([1 - share, share, 0], [0, share, 1 - share], 'grid-guide')}
          {segment([1 - share, 0, share], [0, 1 - share, share], 'grid-guide')}
        </>
      ))}
      {segment([1, 0, 0], [0, 1, 0], 'grid-axis')}
      {segment([0, 1, 0], [0, 0, 1], 'grid-axis')}
      {segment([0, 0, 1], [1, 0, 0], 'grid-axis')}
      <text class="grid-label" x="200" y="20" text-anchor="middle">
        only {tasks[0]?.label}
      </text>
      <text class="grid-label" x="16" y="336">
        only {tasks[1]?.label}
      </text>
      <text class="grid-label" x="384" y="336" text-anchor="end">
        only {tasks[2]?.label}
      </text>
      {drawn.map(({ shares, single, title }) => {
        const [x, y] = at(shares);
        return <Point x={x} y={y} single={single} title={title} />;
      })}
    </Drawing>
  );
}
