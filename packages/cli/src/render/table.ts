// CLI: columns that stand below each other. Pure.
import type { Paint, Tone } from './paint.js';
import { printableLine } from './units.js';

export interface Column<Row> {
  readonly title: string;
  /** Default: right, as for figures. */
  readonly align?: 'left';
  /** Whatever others have put into it is made printable here. */
  readonly text: (row: Row) => string;
  readonly tone?: (row: Row) => Tone | undefined;
}

const INDENT = '  ';
const GAP = '  ';

/** A line for the titles, and one for each row. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  paint: Paint,
): string {
  const textIn = ({ text }: Column<Row>, row: Row): string => printableLine(text(row));
  const widths = columns.map((column) =>
    Math.max(column.title.length, ...rows.map((row) => textIn(column, row).length)),
  );
  /** Padded first: a colour has no width. */
  const line = (
    cell: (column: Column<Row>) => string,
    tone: (column: Column<Row>) => Tone | undefined,
  ): string =>
    columns
      .map((column, index) => {
        const text = cell(column);
        const width = widths[index] ?? 0;
        const isLast = index === columns.length - 1;
        const padding = ' '.repeat(width - text.length);
        const chosen = tone(column);
        const shown = chosen === undefined ? text : paint(chosen, text);
        if (column.align === 'left') return isLast ? shown : shown + padding;
        return padding + shown;
      })
      .join(GAP);
  const lines = [
    line(
      ({ title }) => title,
      () => 'faint',
    ),
    ...rows.map((row) =>
      line(
        (column) => textIn(column, row),
        ({ tone }) => tone?.(row),
      ),
    ),
  ];
  return lines.map((each) => `${INDENT}${each}\n`).join('');
}

/** `name     what there is to say`, one a line. */
export function renderFacts(
  facts: ReadonlyArray<readonly [name: string, text: string]>,
  paint: Paint,
): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, text]) => `${paint('faint', name.padEnd(width))}  ${text}\n`).join('');
}
