import { expect, it } from 'vitest';
import { createDefaultLogger } from '../logger.js';
import { createOffload } from './create-offload.js';
import { pipeline } from './pipeline.js';

type Tasks = Record<'stage', (value: unknown) => unknown>;

it('a run that one of its stages refuses leaves the modules of the others closable', async () => {
  const { offload } = createOffload({
    logger: createDefaultLogger('silent'),
    onShutdown: () => () => undefined,
    drainTimeoutMs: 1_000,
    claimThreads: async () => await Promise.resolve(2),
  });
  const first = offload<Tasks>(import.meta.url);
  const second = offload<Tasks>(import.meta.url);
  await second[Symbol.asyncDispose]();
  const run = pipeline(first.stage, second.stage)([1]);
  await expect(run.next()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  await first[Symbol.asyncDispose]();
});
