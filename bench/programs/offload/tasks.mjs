// Threads of all pools: the work that is offloaded, the same functions for each of them.

/** As little as possible: what is measured is the way there and back. */
export function echo(value) {
  return value;
}

/** What /calculate does: keeps a core busy for so many ms. */
export function spin(ms) {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
  return ms;
}
