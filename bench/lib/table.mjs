// Runner and report: rows as text. Pure.

/**
 * A Markdown table, padded so that it also reads well in a terminal.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 * @returns {string} without a line break at its end
 */
export function toTable(head, rows) {
  const widths = head.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column], column)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Names to the left, figures to the right. */
function pad(cell, width, column) {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** @param {number | undefined} value @param {number} digits after the point, default 0 */
export function number(value, digits = 0) {
  if (value === undefined) return '';
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString('en-US', options);
}

/** @param {number | undefined} value */
export function ratio(value) {
  return value === undefined ? '' : `${value.toFixed(2)} ×`;
}

/** @param {number} value in ms */
export function milliseconds(value) {
  return `${number(value)} ms`;
}

/** @param {number} value in bytes */
export function megabytes(value) {
  return `${number(value / 1024 ** 2)} MiB`;
}

/** `3 ECONNRESET, 1 TIMEOUT`, or nothing. @param {Readonly<Record<string, number>>} counts */
export function counted(counts) {
  return Object.entries(counts)
    .map(([name, count]) => `${number(count)} ${name}`)
    .join(', ');
}
