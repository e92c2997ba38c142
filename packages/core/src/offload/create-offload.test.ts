import { expect, it } from 'vitest';
import { deferred } from '../deferred.js';
import { createDefaultLogger } from '../logger.js';
import { createOffload } from './create-offload.js';

it('keeps a grant that comes while the answer to its first claim is on its way', async () => {
  const claim = deferred<number>();
  const { offload, setThreads, warmed, status } = createOffload({
    logger: createDefaultLogger('silent'),
    onShutdown: () => () => undefined,
    drainTimeoutMs: 1_000,
    claimThreads: async () => await claim.promise,
  });
  offload(import.meta.url);
  expect(status()).toMatchObject({ grantedThreads: 1 });
  // Both arrive in one read from the channel, before anything goes on that has waited for the first.
  claim.resolve(4);
  setThreads(2);
  await warmed();
  expect(status()).toMatchObject({ grantedThreads: 2 });
});

it('has what its first claim is answered with, until another grant comes', async () => {
  const { offload, setThreads, warmed, status } = createOffload({
    logger: createDefaultLogger('silent'),
    onShutdown: () => () => undefined,
    drainTimeoutMs: 1_000,
    claimThreads: async () => await Promise.resolve(4),
  });
  offload(import.meta.url);
  await warmed();
  expect(status()).toMatchObject({ grantedThreads: 4 });
  setThreads(1);
  expect(status()).toMatchObject({ grantedThreads: 1 });
});
