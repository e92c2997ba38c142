import { expect, it } from 'vitest';
import { createThreadGrants } from './thread-grants.js';
import type { WorkerState } from './worker-state.js';

it('when all workers drain, they and the primary share the threads', () => {
  const grants = createThreadGrants(6);
  const granted = new Map<number, number>();
  const worker = (id: number, state: WorkerState): Parameters<typeof grants.update>[0] => [
    {
      id,
      state,
      wantsThreads: true,
      send: (message) =>
        message.type === 'threadGrant' && granted.set(id, message.threads).size > 0,
    },
  ];
  const ready: WorkerState = { name: 'ready', sinceMs: 0 };
  const draining: WorkerState = { name: 'draining', sinceMs: 0, reason: 'shutdown' };
  grants.claimOwn((threads) => void granted.set(0, threads));
  grants.update([...worker(1, ready), ...worker(2, ready)]);
  expect(Object.fromEntries(granted)).toEqual({ 0: 2, 1: 2, 2: 2 });
  // One that leaves alone has what it has begun.
  grants.update([...worker(1, draining), ...worker(2, ready)]);
  expect(Object.fromEntries(granted)).toEqual({ 0: 2, 1: 1, 2: 3 });
  grants.update([...worker(1, draining), ...worker(2, draining)]);
  expect(Object.fromEntries(granted)).toEqual({ 0: 2, 1: 2, 2: 2 });
});
