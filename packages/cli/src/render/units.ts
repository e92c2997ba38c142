// CLI: figures as people read them. Pure.

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The two largest units: `3d 4h`, `2m 5s`, `7s`. */
export function formatDuration(ms: number): string {
  const units: ReadonlyArray<readonly [number, string]> = [
    [DAY_MS, 'd'],
    [HOUR_MS, 'h'],
    [MINUTE_MS, 'm'],
    [SECOND_MS, 's'],
  ];
  const largest = units.findIndex(([size]) => ms >= size);
  if (largest < 0) return '0s';
  let rest = ms;
  const parts = units.slice(largest, largest + 2).map(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return `${count}${unit}`;
  });
  return parts.join(' ');
}

export function formatBytes(bytes: number): string {
  const mebibytes = bytes / 1024 / 1024;
  return mebibytes < 1024 ? `${mebibytes.toFixed(1)} MiB` : `${(mebibytes / 1024).toFixed(2)} GiB`;
}

export function formatRatio(ratio: number): string {
  return `${Math.round(ratio * 100)}%`;
}

/** `1 worker`, `2 workers`. */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? '' : 's'}`;
}

/** What others have said: nothing in it moves the cursor or changes colours. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD');
}

/** As {@link printable}, and nothing in it begins another line or column. */
export function printableLine(text: string): string {
  return printable(text.replaceAll(/[\n\t]+ */g, ' '));
}

/** For people as for programs: JSON escapes what moves the cursor, but not what C1 has of that. */
export function printableJson(value: unknown): string {
  const escape = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(value, null, 2).replaceAll(/[\u007F-\u009F]/g, escape)}\n`;
}
