import { beforeEach, describe, expect, it } from 'vitest';
import { recordProcess } from '../../test/exclusive-parts.js';
import type { RecordedProcess } from '../../test/exclusive-parts.js';
import { deferred } from '../deferred.js';
import { createStateStore } from '../state/create-state-store.js';
import { createMemoryBackend } from '../state/memory-state.js';
import { runExclusive } from './run-exclusive.js';

let process: RecordedProcess;

beforeEach(() => {
  process = recordProcess(createStateStore(createMemoryBackend()));
});

describe('runExclusive()', () => {
  it('runs one at a time, with ever higher tokens, and gives each caller its result', async () => {
    let running = 0;
    const tokens: number[] = [];
    const results = await Promise.all(
      Array.from(
        { length: 5 },
        async (_, index) =>
          await runExclusive(
            'job',
            async ({ fencingToken }) => {
              running += 1;
              expect(running).toBe(1);
              tokens.push(fencingToken);
              await new Promise(setImmediate);
              running -= 1;
              return index;
            },
            {},
            process,
          ),
      ),
    );
    expect(results).toEqual([0, 1, 2, 3, 4]);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    expect(process.hooks.size).toBe(0);
  });

  it('gives up after waitMs, and keeps names apart', async () => {
    const end = deferred<void>();
    const first = runExclusive('job', async () => await end.promise, {}, process);
    await new Promise(setImmediate);
    for (const waitMs of [0, 20]) {
      await expect(runExclusive('job', () => 1, { waitMs }, process)).rejects.toMatchObject({
        code: 'EXCLUSIVE_BUSY',
      });
    }
    expect(await runExclusive('other', () => 1, { waitMs: 0 }, process)).toBe(1);
    end.resolve();
    await first;
    expect(await runExclusive('job', () => 1, { waitMs: 0 }, process)).toBe(1);
  });

  it('rejects with what the work throws, and is free again', async () => {
    const failing = runExclusive('job', () => Promise.reject(new Error('no')), {}, process);
    await expect(failing).rejects.toThrow('no');
    expect(await runExclusive('job', () => 1, { waitMs: 0 }, process)).toBe(1);
  });

  it('rejects when it was perhaps not alone', async () => {
    const lost = runExclusive('job', async () => await process.state.close(), {}, process);
    await expect(lost).rejects.toMatchObject({ code: 'STATE_LEASE_LOST' });
  });

  it.each(['while the lease is on its way', 'while it works'])(
    'makes a shutdown wait that begins %s',
    async (when) => {
      const begun = deferred<void>();
      const end = deferred<void>();
      const job = async (): Promise<void> => {
        begun.resolve();
        await end.promise;
      };
      const work = runExclusive('job', job, {}, process);
      if (when === 'while it works') await begun.promise;
      let hasShutDown = false;
      const shutdown = process.shutDown().then(() => void (hasShutDown = true));
      await begun.promise;
      await new Promise(setImmediate);
      expect(hasShutDown).toBe(false);
      end.resolve();
      await Promise.all([work, shutdown]);
    },
  );

  it('waits no longer for others when the process drains', async () => {
    const end = deferred<void>();
    const other = recordProcess(process.state);
    const first = runExclusive('job', async () => await end.promise, {}, other);
    await new Promise(setImmediate);
    const refused = runExclusive('job', () => 1, { waitMs: 60_000 }, process).catch(
      (error: unknown) => error,
    );
    await new Promise(setImmediate);
    await process.shutDown();
    expect(await refused).toMatchObject({ code: 'SHUTTING_DOWN' });
    end.resolve();
    await first;
  });

  it.each<[string, unknown, unknown, object]>([
    ['no name', 7, Date.now, {}],
    ['no function', 'job', 1, {}],
    ['an unknown option', 'job', Date.now, { timeoutMs: 5 }],
    ['a wrong option', 'job', Date.now, { waitMs: -1 }],
  ])('refuses %s', async (_, name, work, wrong) => {
    const refused = runExclusive(name as string, work as () => number, wrong, process);
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
