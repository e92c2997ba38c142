// Primary of the hand-written contestants: what people write themselves in thirty lines. Starts the
// workers, starts crashed ones again, and on request replaces them one by one, new before old.
import { once } from 'node:events';
import { workers } from './settings.mjs';

/** How long an old worker may take to close, in ms, before it is killed. */
const closeTimeoutMs = 5_000;

/**
 * @param {() => { process: import('node:child_process').ChildProcess }} fork starts a worker, which
 *   sends `{ event: 'listening' }` when it does
 */
export function superviseByHand(fork) {
  /** @type {Set<import('node:child_process').ChildProcess>} */
  const current = new Set();

  const start = () => {
    const child = fork();
    current.add(child);
    child.once('exit', () => {
      if (current.delete(child)) start();
    });
    return child;
  };

  const replace = async (old) => {
    const child = start();
    await once(child, 'message');
    current.delete(old);
    const killer = setTimeout(() => old.kill('SIGKILL'), closeTimeoutMs);
    old.kill('SIGTERM');
    await once(old, 'exit');
    clearTimeout(killer);
  };

  const replaceAll = async () => {
    for (const old of [...current]) await replace(old);
    process.send({ event: 'reloaded' });
  };
  process.on('message', () => void replaceAll());
  process.once('SIGTERM', () => {
    for (const child of current) child.kill('SIGKILL');
    process.exit(0);
  });
  for (let count = 0; count < workers; count += 1) start();
}
