// Runner: the few figures that samples are reduced to. Pure.

/** @param {readonly number[]} values at least one */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {readonly number[]} values at least one @param {number} ratio 0…1 */
export function percentile(values, ratio) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * ratio))];
}

/** @param {readonly number[]} values */
export function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** @param {readonly string[]} values @returns {Record<string, number>} how often each occurs */
export function countBy(values) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** Adds up counts by name. @param {readonly Record<string, number>[]} all */
export function mergeCounts(all) {
  /** @type {Record<string, number>} */
  const merged = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) merged[name] = (merged[name] ?? 0) + count;
  }
  return merged;
}

/**
 * The median of the ratios of two contestants' samples, round by round: what disturbs the machine for
 * a while disturbs both sides of a round, and drops out.
 *
 * @param {ReadonlyMap<number, number>} own by round
 * @param {ReadonlyMap<number, number>} other by round
 * @returns {number | undefined} undefined when they have no round in common
 */
export function pairedRatio(own, other) {
  const ratios = [...own]
    .filter(([round]) => other.has(round))
    .map(([round, value]) => value / other.get(round));
  return ratios.length === 0 ? undefined : median(ratios);
}
