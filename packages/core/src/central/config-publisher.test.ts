import { EventEmitter, once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { createLogRecorder } from '../../test/simulated-cluster.js';
import { createConfigHolder } from '../config/config-holder.js';
import type { ConfigSnapshot } from '../config/config-holder.js';
import { defineConfig } from '../config/define-config.js';
import { mergePatch } from '../config/json-value.js';
import type { Json } from '../config/json-value.js';
import { countVersions } from './config-versions.js';
import { createConfigPublisher } from './config-publisher.js';
import type { ConfigPublisher } from './config-publisher.js';

const schema = z.object({ level: z.string(), limit: z.number(), secret: z.string().default('s') });
const initial: ConfigSnapshot = {
  version: 1,
  value: { level: 'info', limit: 1, secret: 's' },
};

interface TestCluster {
  readonly publisher: ConfigPublisher;
  readonly events: unknown[];
  log(): string[];
  patch(
    patch: Json,
    options?: { expectedVersion?: number; timeoutMs?: number },
  ): ReturnType<ConfigPublisher['update']>;
}

function createCluster(onRejected: 'roll-back' | 'keep' = 'roll-back'): TestCluster {
  const definition = defineConfig(schema, {
    initial: { level: 'info', limit: 1 },
    secrets: ['secret'],
    onRejected,
  });
  const { logger, lines } = createLogRecorder();
  const events: unknown[] = [];
  const publisher = createConfigPublisher({
    definition,
    initial,
    logger,
    events: { emit: (name, event) => void events.push({ name, ...event }) },
    pins: [],
    versions: countVersions(initial),
  });
  return {
    publisher,
    events,
    log: () => lines.map(({ level, message }) => `${level}: ${message}`),
    patch: async (patch, { timeoutMs = 1_000, ...options } = {}) =>
      await publisher.update((current) => mergePatch(current, patch), { timeoutMs, ...options }),
  };
}

/** A process that applies what it gets, unless it refuses the level. */
function addProcess(
  publisher: ConfigPublisher,
  id: number,
  refuses = '',
): { got: ConfigSnapshot[] } {
  const got: ConfigSnapshot[] = [];
  publisher.join({
    id,
    workerId: id,
    send(next) {
      got.push(next);
      const isRefused = refuses !== '' && (next.value as { level: string }).level === refuses;
      const error = isRefused ? { name: 'Error', message: `not ${refuses}` } : undefined;
      setImmediate(() => publisher.answer(id, next.version, error));
    },
  });
  return { got };
}

describe('an update', () => {
  it('is validated, given a version, sent to all, and reported', async () => {
    const { publisher, patch, events, log } = createCluster();
    const first = addProcess(publisher, 1);
    addProcess(publisher, 2);
    const report = { version: 2, applied: [1, 2], rejected: [], timedOut: [] };
    expect(await patch({ level: 'debug' })).toEqual(report);
    expect(first.got).toEqual([{ version: 2, value: { level: 'debug', limit: 1, secret: 's' } }]);
    expect(events).toEqual([{ name: 'configUpdate', changedPaths: ['level'], ...report }]);
    expect(log()).toEqual(['info: configuration 2 by an update: level']);
    expect(publisher.status()).toEqual({
      version: 2,
      value: { level: 'debug', limit: 1, secret: '[secret]' },
      processes: { 1: 2, 2: 2 },
    });
  });

  it('that changes nothing makes no version', async () => {
    const { publisher, patch } = createCluster();
    const { got } = addProcess(publisher, 1);
    expect((await patch({ level: 'info' })).version).toBe(1);
    expect(got).toEqual([]);
  });

  it('that changes nothing tells who has applied what is in force, by now', async () => {
    const { publisher, patch } = createCluster();
    const report = { version: 2, applied: [1], rejected: [], timedOut: [2] };
    addProcess(publisher, 1);
    publisher.join({ id: 2, workerId: 2, send: () => undefined });
    expect(await patch({ level: 'debug' }, { timeoutMs: 1 })).toEqual(report);
    expect(await patch({ level: 'debug' })).toEqual(report);
    publisher.answer(2, 2);
    const settled = { ...report, applied: [1, 2], timedOut: [] };
    expect(await patch({ level: 'debug' })).toEqual(settled);
    // Also when code and file are said to have something new, which leads to the same.
    const change = ({ base }: { base?: Json }): ReturnType<typeof patch> =>
      publisher.update((current) => current, { timeoutMs: 1_000, ...(base && { base }) });
    expect(await change({ base: { level: 'debug', limit: 1 } })).toEqual(settled);
    // One that leaves holds nobody up, and one that has come is there.
    publisher.join({ id: 3, workerId: 1, send: () => undefined });
    publisher.retire(1);
    expect(await patch({ level: 'debug' })).toEqual(settled);
  });

  it('that changes nothing tells who refuses what is in force', async () => {
    const { publisher, patch } = createCluster('keep');
    addProcess(publisher, 1);
    addProcess(publisher, 2, 'debug');
    const refused = await patch({ level: 'debug' });
    expect(refused).toMatchObject({ applied: [1], rejected: [{ workerId: 2 }] });
    expect(await patch({ level: 'debug' })).toEqual(refused);
    publisher.leave(2);
    expect(await patch({ level: 'debug' })).toEqual({ ...refused, rejected: [] });
  });

  it('that is invalid, or expects another version, changes nothing', async () => {
    const { publisher, patch } = createCluster();
    await expect(patch({ limit: 'many' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: [{ path: 'limit' }],
    });
    await expect(patch({ limit: 2 }, { expectedVersion: 7 })).rejects.toMatchObject({
      code: 'CONFIG_CONFLICT',
      details: { version: 1 },
    });
    expect((await patch({ limit: 2 }, { expectedVersion: 1 })).version).toBe(2);
    expect(publisher.current.version).toBe(2);
  });

  it('that would put what hides a secret in its place changes nothing', async () => {
    const { publisher, patch } = createCluster();
    const edited = { ...(publisher.status().value as { level: string }), level: 'debug' };
    await expect(patch(edited)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: [{ path: 'secret' }],
    });
    expect(publisher.current).toEqual(initial);
    // Elsewhere it is a text like any other.
    await patch({ level: '[secret]' });
    expect(publisher.current.value).toEqual({ level: '[secret]', limit: 1, secret: 's' });
  });

  it('waits for those before it, so that none is lost', async () => {
    const { publisher } = createCluster();
    addProcess(publisher, 1);
    const increments = Array.from(
      { length: 20 },
      async () =>
        await publisher.update(
          (current) => mergePatch(current, { limit: (current as { limit: number }).limit + 1 }),
          { timeoutMs: 1_000 },
        ),
    );
    const versions = (await Promise.all(increments)).map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
    expect(publisher.current.value).toMatchObject({ limit: 21 });
  });

  it('that one refuses is taken back everywhere, with the reason', async () => {
    const { publisher, patch, log } = createCluster();
    const first = addProcess(publisher, 1);
    const second = addProcess(publisher, 2, 'debug');
    expect(await patch({ level: 'debug' })).toEqual({
      version: 2,
      applied: [1],
      rejected: [{ workerId: 2, error: { name: 'Error', message: 'not debug' } }],
      timedOut: [],
      rolledBackBy: 3,
    });
    for (const { got } of [first, second]) {
      expect(
        got.map(({ version, value }) => [version, (value as { level: string }).level]),
      ).toEqual([
        [2, 'debug'],
        [3, 'info'],
      ]);
    }
    expect(publisher.current).toEqual({ ...initial, version: 3 });
    expect(log()).toContain('error: worker 2 refuses configuration 2: not debug');
  });

  it('stays with the others, when that is wanted', async () => {
    const { publisher, patch } = createCluster('keep');
    addProcess(publisher, 1);
    addProcess(publisher, 2, 'debug');
    const report = await patch({ level: 'debug' });
    expect(report.rejected).toHaveLength(1);
    expect(report).not.toHaveProperty('rolledBackBy');
    expect(publisher.status()).toMatchObject({ version: 2, processes: { 1: 2, 2: 1 } });
  });

  it('is a problem for as long as one runs that has refused it', async () => {
    const { publisher, patch } = createCluster('keep');
    addProcess(publisher, 1, 'debug');
    addProcess(publisher, 2, 'debug');
    await patch({ level: 'debug' });
    const [first, second] = [1, 2].map((id) => `worker ${id} refuses configuration 2: not debug`);
    expect(publisher.status()).toMatchObject({ problem: `${first}; ${second}` });
    publisher.leave(1);
    expect(publisher.status()).toMatchObject({ problem: second });
    publisher.leave(2);
    expect(publisher.status()).not.toHaveProperty('problem');
  });

  it('is no problem of one that has refused it and is gone before the others have answered', async () => {
    const { publisher, patch } = createCluster('keep');
    addProcess(publisher, 1, 'debug');
    const sent = new EventEmitter();
    publisher.join({ id: 2, workerId: 2, send: ({ version }) => void sent.emit('it', version) });
    const update = patch({ level: 'debug' });
    await once(sent, 'it');
    // Behind the answer of the first.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    publisher.leave(1);
    publisher.answer(2, 2);
    expect(await update).toMatchObject({ applied: [2], rejected: [{ workerId: 1 }] });
    expect(publisher.status()).not.toHaveProperty('problem');
  });

  it('does not wait for ever, nor again; a late refusal takes back what is still in force', async () => {
    const { publisher, patch, log } = createCluster();
    addProcess(publisher, 1);
    const sent: ConfigSnapshot[] = [];
    const mailbox = new EventEmitter();
    publisher.join({
      id: 2,
      workerId: 2,
      send(next) {
        sent.push(next);
        mailbox.emit(String(next.version));
      },
    });
    expect(await patch({ level: 'debug' }, { timeoutMs: 1 })).toMatchObject({ timedOut: [2] });
    const startMs = performance.now();
    expect(await patch({ level: 'trace' })).toMatchObject({ applied: [1], timedOut: [2] });
    expect(performance.now() - startMs).toBeLessThan(900);
    // It reads again, and gets the newest.
    publisher.answer(2, 2);
    expect(sent.map(({ version }) => version)).toEqual([2, 3]);
    const [undone, later] = [once(mailbox, '4'), once(mailbox, '5')];
    publisher.answer(2, 3, { name: 'Error', message: 'not me' });
    publisher.answer(2, 3);
    // A later update waits for the one that takes it back.
    const settled = patch({ limit: 5 });
    await undone;
    publisher.answer(2, 4);
    await later;
    publisher.answer(2, 5);
    expect(await settled).toMatchObject({ version: 5, applied: [1, 2] });
    expect(publisher.current.value).toEqual({ level: 'debug', limit: 5, secret: 's' });
    expect(log()).toContain('error: worker 2 refuses configuration 3, late: not me');
  });

  it('goes back behind all that were refused late, also those that newer ones had followed', async () => {
    const { publisher, patch, log } = createCluster();
    addProcess(publisher, 1);
    const mailbox = new EventEmitter();
    publisher.join({
      id: 2,
      workerId: 2,
      send: ({ version, value }) => void mailbox.emit(String(version), value),
    });
    const no = { name: 'Error', message: 'not debug' };
    await patch({ level: 'debug' }, { timeoutMs: 1 });
    await patch({ limit: 2 });
    const [third, fourth] = [once(mailbox, '3'), once(mailbox, '4')];
    publisher.answer(2, 2, no);
    expect(await third).toEqual([{ level: 'debug', limit: 2, secret: 's' }]);
    publisher.answer(2, 3, no);
    expect(await fourth).toEqual([initial.value]);
    publisher.answer(2, 4);
    // Behind what takes it back.
    await patch({});
    expect(publisher.current).toEqual({ ...initial, version: 4 });
    expect(publisher.status()).toMatchObject({ processes: { 1: 4, 2: 4 } });
    expect(publisher.status()).not.toHaveProperty('problem');
    expect(log()).toContain('error: worker 2 refuses configuration 2, late: not debug');
  });

  it('waits for as long as a timer can, and no timer is given more', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => {
      timers.mockRestore();
    });
    const { publisher, patch } = createCluster();
    addProcess(publisher, 1);
    await patch({ level: 'debug' }, { timeoutMs: 2_147_483_647 });
    expect(timers.mock.calls.map(([, ms]) => ms)).toContain(2_147_483_647);
  });

  it('does not wait for one that ends', async () => {
    const { publisher, patch } = createCluster();
    addProcess(publisher, 1);
    publisher.join({ id: 2, workerId: 2, send: () => setImmediate(() => publisher.leave(2)) });
    expect(await patch({ level: 'debug' })).toMatchObject({ applied: [1], timedOut: [] });
  });
});

describe('whatever happens', () => {
  it('processes end with the newest version, having seen none out of order', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('update' as const), limit: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('invalid' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('join' as const), refuses: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.nat(9) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { publisher, patch } = createCluster();
        const { logger } = createLogRecorder();
        const holders = new Map<number, ReturnType<typeof createConfigHolder>>();
        const updates: Array<Promise<unknown>> = [];
        let nextId = 1;
        for (const each of steps) {
          if (each.do === 'update') updates.push(patch({ limit: each.limit }));
          else if (each.do === 'invalid')
            updates.push(patch({ limit: 'x' }).catch(() => undefined));
          else if (each.do === 'join') {
            const id = nextId++;
            const holder = createConfigHolder(publisher.current, logger);
            holders.set(id, holder);
            let last = publisher.current.version;
            holder.subscribe((next) => {
              // One value, which is never gone back to.
              const { limit } = next as { limit: number };
              if (each.refuses && limit === 9) throw new Error('no');
            });
            publisher.join({
              id,
              workerId: id,
              send(next) {
                expect(next.version).toBeGreaterThan(last);
                last = next.version;
                holder.apply(next, 1_000).then(
                  () => publisher.answer(id, next.version),
                  () => publisher.answer(id, next.version, { name: 'Error', message: 'no' }),
                );
              },
            });
          } else if (each.do === 'leave') {
            const id = [...holders.keys()][each.who % holders.size];
            if (id === undefined) continue;
            holders.delete(id);
            publisher.leave(id);
          } else {
            await new Promise((resolve) => {
              setImmediate(resolve);
            });
          }
        }
        await Promise.all(updates);
        for (const holder of holders.values()) {
          expect(holder.current).toEqual(publisher.current);
        }
      }),
      { numRuns: 100 },
    );
  });
});
