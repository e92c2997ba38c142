import { expect, it } from 'vitest';
import { createCallBatches, primaryGone } from './call-batches.js';
import type { StateBatch } from './call-batches.js';

function block(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs;);
}

it('a call that follows on one that has run out of time travels in a batch of its own', async () => {
  const sent: StateBatch[] = [];
  const batches = createCallBatches({ send: (batch) => sent.push(batch) > 0, timeoutMs: 20 });
  const call = async (): Promise<unknown> => await batches.call({ name: 'get', keys: ['key'] });
  const outcome = async (answer: Promise<unknown>): Promise<unknown> =>
    await answer.catch((error: unknown) => error);

  const first = outcome(call());
  const third = first.then(call);
  // In the turn in which the first one's time is over, a second begins, and runs out of time in the same turn.
  let second: Promise<unknown> | undefined;
  setTimeout(() => {
    second = outcome(call());
    block(30);
  }, 25);
  block(50);
  expect(await first).toMatchObject({ code: 'STATE_UNAVAILABLE' });
  expect(await second).toMatchObject({ code: 'STATE_UNAVAILABLE' });
  const answer = outcome(third);
  batches.end(primaryGone);
  expect(await answer).toMatchObject({ code: 'STATE_UNAVAILABLE' });
});
