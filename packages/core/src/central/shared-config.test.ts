// Several clusters that share a configuration, each as far as its config service goes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { createLossyStore } from '../../test/lossy-store.js';
import type { LossyConnection, LossyStore } from '../../test/lossy-store.js';
import { createLogRecorder } from '../../test/simulated-cluster.js';
import { defineConfig } from '../config/define-config.js';
import type { ConfigOptions } from '../config/define-config.js';
import { deferred } from '../deferred.js';
import { startConfigService } from './config-service.js';
import type { ConfigService } from './config-service.js';

const schema = z.object({
  level: z.enum(['debug', 'info', 'warn']),
  limit: z.number().default(1),
  password: z.string().default(''),
});
type Input = z.input<typeof schema>;
type Config = z.output<typeof schema>;

interface TestCluster extends LossyConnection {
  readonly service: ConfigService;
  readonly current: Config;
  log(): string;
  /** Resolves when its configuration is of that version. */
  reaches(version: number): Promise<void>;
  /** Adds to `limit`. */
  count(): Promise<unknown>;
}

async function startCluster(
  shared: LossyStore,
  options: Partial<ConfigOptions<Input>> = {},
  connection = shared.connect(),
): Promise<TestCluster> {
  const { logger, lines } = createLogRecorder();
  const service = await startConfigService({
    definition: defineConfig(schema, { initial: { level: 'info' }, ...options }),
    store: connection.store,
    env: process.env,
    workerId: 0,
    logger,
    events: { emit: () => undefined },
  });
  onTestFinished(() => service.close());
  const { channel } = service;
  return {
    ...connection,
    get reads() {
      return connection.reads;
    },
    service,
    get current() {
      return channel.current as Config;
    },
    log: () => lines.map(({ level, message }) => `${level}: ${message}`).join('\n'),
    reaches: async (version) =>
      await vi
        .waitUntil(() => channel.version >= version, { interval: 1, timeout: 4_000 })
        .then(() => undefined),
    count: async () =>
      await channel.update((current: unknown) => ({
        ...(current as Config),
        limit: (current as Config).limit + 1,
      })),
  };
}

describe('clusters on one store', () => {
  it('have one configuration, whoever changes it, also those that start later', async () => {
    const shared = createLossyStore();
    const first = await startCluster(shared);
    const second = await startCluster(shared);
    expect(await first.service.channel.update({ limit: 5 })).toMatchObject({ version: 2 });
    await second.reaches(2);
    await second.service.channel.update({ level: 'debug' });
    await first.reaches(3);
    const third = await startCluster(shared);
    for (const { service } of [first, second, third]) {
      expect(service.channel.version).toBe(3);
      expect(service.channel.current).toEqual({ level: 'debug', limit: 5, password: '' });
      expect(service.status()).toMatchObject({ shared: { reachable: true } });
      expect(service.status()).not.toHaveProperty('problem');
    }
    expect(second.log()).toContain('info: configuration 2 by another cluster: limit');
  });

  it('change it one after another, and lose no change', async () => {
    const shared = createLossyStore();
    const clusters = [await startCluster(shared), await startCluster(shared)];
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => await clusters[index % 2]!.count()),
    );
    for (const cluster of clusters) {
      await cluster.reaches(41);
      expect(cluster.current.limit).toBe(41);
    }
    const outcomes = await Promise.allSettled(
      clusters.map(
        async ({ service }, limit) =>
          await service.channel.update({ limit }, { expectedVersion: 41 }),
      ),
    );
    const refused = outcomes.filter((each) => each.status === 'rejected');
    expect(refused).toEqual([
      {
        status: 'rejected',
        reason: expect.objectContaining({ code: 'CONFIG_CONFLICT' }) as unknown,
      },
    ]);
  });

  it('make no change of a version that is not the newest, also when that is not in force yet', async () => {
    const shared = createLossyStore();
    // No poll; only what this test lets happen.
    vi.useFakeTimers({ toFake: ['setInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const [first, second] = [await startCluster(shared), await startCluster(shared)];
    await vi.waitUntil(() => first.reads === 3, { interval: 1 });
    first.deafen();
    await first.count();

    const gate = deferred<void>();
    first.service.channel.subscribe(async () => await gate.promise);
    const counts = [first.count(), first.count()];
    await second.reaches(3);
    await second.count();
    const { reads } = first;
    first.restore();
    await vi.waitUntil(() => first.reads > reads, { interval: 1 });
    // It has read version 4, has version 3 in force, and is about to change that.
    gate.resolve();
    await Promise.all(counts);
    await second.reaches(5);
    expect(first.current.limit).toBe(5);
    expect(second.current.limit).toBe(5);
  });

  it('keep what the environment of one sets out of the store, and away from the others', async () => {
    process.env['CORRAL_TEST_PASSWORD'] = 'of one machine';
    const shared = createLossyStore();
    const first = await startCluster(shared, { env: { password: 'CORRAL_TEST_PASSWORD' } });
    delete process.env['CORRAL_TEST_PASSWORD'];
    const second = await startCluster(shared);
    await first.service.channel.update({ level: 'debug' });
    await second.reaches(2);
    expect(first.current.password).toBe('of one machine');
    expect(second.current).toEqual({ level: 'debug', limit: 1, password: '' });
    expect(await shared.content()).not.toContain('of one machine');
  });

  it('follow a file that changes on each of them, as one version', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'corral-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'config.yaml');
    writeFileSync(file, 'level: info\n');
    const shared = createLossyStore();
    const clusters = [await startCluster(shared, { file }), await startCluster(shared, { file })];
    await clusters[0]!.count();
    clusters[0]!.cut();
    writeFileSync(file, 'level: debug\n');
    await clusters[1]!.reaches(3);
    clusters[0]!.restore();
    await clusters[0]!.reaches(3);
    await clusters[0]!.count();
    expect(clusters[0]!.service.channel.version).toBe(4);
    expect(clusters[0]!.current).toMatchObject({ level: 'debug', limit: 3 });
  });

  it('take over what a new release says anew, and keep what was changed meanwhile', async () => {
    const shared = createLossyStore();
    const first = await startCluster(shared);
    await first.count();
    const second = await startCluster(shared, { initial: { level: 'warn' } });
    expect(second.current).toMatchObject({ level: 'warn', limit: 2 });
    await first.reaches(3);
    expect(first.current.level).toBe('warn');
  });
});

describe('a store that is away', () => {
  it('leaves everybody with what they have, takes no change, and is caught up with', async () => {
    const shared = createLossyStore();
    const [first, second] = [await startCluster(shared), await startCluster(shared)];
    first.cut();
    const refusal = { code: 'CONFIG_UNAVAILABLE', details: { mayHaveBeenExecuted: false } };
    await expect(first.count()).rejects.toMatchObject(refusal);
    await expect(first.count()).rejects.toMatchObject(refusal);
    expect(first.service.status()).toMatchObject({
      version: 1,
      shared: { reachable: false },
      problem: expect.stringContaining('goes on with version 1') as unknown,
    });
    await second.count();
    expect(first.current.limit).toBe(1);
    first.restore();
    await first.reaches(2);
    await first.count();
    expect(first.current.limit).toBe(3);
    expect(first.service.status()).not.toHaveProperty('problem');
    expect(first.log().match(/cannot be reached/g)).toHaveLength(1);
  });

  it('at the start: begins with its own sources, and catches up', async () => {
    const shared = createLossyStore();
    const first = await startCluster(shared);
    await first.count();
    const connection = shared.connect();
    connection.cut();
    const second = await startCluster(shared, { initial: { level: 'warn' } }, connection);
    expect(second.service.channel.version).toBe(0);
    expect(second.current.level).toBe('warn');
    await expect(second.count()).rejects.toMatchObject({ code: 'CONFIG_UNAVAILABLE' });
    second.restore();
    await second.reaches(3);
    expect(second.current).toMatchObject({ level: 'warn', limit: 2 });
  });

  it('that has what the schema refuses: no start with it, and who runs already says why', async () => {
    const shared = createLossyStore();
    const value = { level: 'info', password: 7 };
    await shared.put('config:current', { version: 7, value, base: { level: 'warn' } });
    await expect(startCluster(shared)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: [{ path: 'password' }],
    });
    const connection = shared.connect();
    connection.cut();
    const late = await startCluster(shared, {}, connection);
    connection.restore();
    await vi.waitUntil(() => late.service.status().shared?.reachable === true, { timeout: 4_000 });
    await vi.waitUntil(() => late.log().includes('password'));
    expect(late.service.status()).toMatchObject({
      version: 0,
      problem: expect.stringContaining('password') as unknown,
    });
    await expect(late.count()).rejects.toMatchObject({
      code: 'CONFIG_UNAVAILABLE',
      message: expect.stringContaining('password') as unknown,
    });
    await shared.put('config:current', { version: 8, value: { level: 'debug' }, base: {} });
    await late.reaches(9);
    expect(late.current.level).toBe('info');
  });

  it('that has executed a change without an answer: says so, and the change is in force later', async () => {
    const shared = createLossyStore();
    const cluster = await startCluster(shared);
    cluster.cutAfterNextSet();
    await expect(cluster.count()).rejects.toMatchObject({
      code: 'CONFIG_UNAVAILABLE',
      details: { mayHaveBeenExecuted: true },
    });
    cluster.restore();
    await cluster.reaches(2);
    expect(cluster.current.limit).toBe(2);
  });

  it('that has lost everything gets it again', async () => {
    const shared = createLossyStore();
    const first = await startCluster(shared);
    await first.count();
    await shared.lose();
    await first.count();
    const second = await startCluster(shared);
    expect(second.service.channel.version).toBe(3);
    expect(second.current.limit).toBe(3);
  });
});

describe('a version that a process refuses', () => {
  const refuseWarnings = ({ service }: TestCluster): unknown[] => {
    const told: unknown[] = [];
    service.channel.subscribe((next) => {
      const { level } = next as Config;
      told.push(level);
      if (level === 'warn') throw new Error('no warnings');
    });
    return told;
  };

  it('is taken back for all, by the cluster that has it refused', async () => {
    const shared = createLossyStore();
    const [first, second] = [await startCluster(shared), await startCluster(shared)];
    refuseWarnings(second);
    expect(await first.service.channel.update({ level: 'warn' })).toMatchObject({
      version: 2,
      rejected: [],
    });
    await first.reaches(3);
    await second.reaches(3);
    expect(first.current.level).toBe('info');
    expect(second.current.level).toBe('info');
    expect(second.log()).toContain('the primary refuses configuration 2: no warnings');
    expect(second.service.status()).not.toHaveProperty('problem');
    // At home it is the same.
    expect(await second.service.channel.update({ level: 'warn' })).toMatchObject({
      rolledBackBy: 5,
    });
  });

  it('is not taken back twice: nobody goes back from going back', async () => {
    const shared = createLossyStore();
    const first = await startCluster(shared, { initial: { level: 'warn' } });
    const second = await startCluster(shared, { initial: { level: 'warn' } });
    refuseWarnings(first);
    second.service.channel.subscribe((next) => {
      if ((next as Config).level === 'info') throw new Error('no information');
    });
    await first.service.channel.update({ level: 'info' });
    await first.reaches(2);
    await second.reaches(3);
    await vi.waitUntil(() => first.service.status().version === 3);
    expect(first.service.status().problem).toContain('the primary refuses configuration 3');
    expect(first.current.level).toBe('info');
    expect(second.current.level).toBe('warn');
  });

  it('stays with the others when that is wanted, or when versions before it were missed', async () => {
    const shared = createLossyStore();
    const first = await startCluster(shared);
    const keeping = await startCluster(shared, { onRejected: 'keep' });
    const missing = await startCluster(shared);
    refuseWarnings(keeping);
    refuseWarnings(missing);
    missing.cut();
    await first.count();
    await first.service.channel.update({ level: 'warn' });
    missing.restore();
    for (const { service } of [keeping, missing]) {
      await vi.waitUntil(() => service.status().problem?.includes('no warnings') === true);
      expect(service.status().version).toBe(3);
      expect((service.channel.current as Config).level).toBe('info');
    }
    expect(first.current.level).toBe('warn');
  });

  it('is taken back later when the store is away just then', async () => {
    const shared = createLossyStore();
    const cluster = await startCluster(shared);
    cluster.service.channel.subscribe((next) => {
      if ((next as Config).level === 'warn') cluster.cut();
    });
    refuseWarnings(cluster);
    const update = cluster.service.channel.update({ level: 'warn' });
    expect(await update).toMatchObject({ rejected: [{ workerId: 0 }] });
    cluster.restore();
    await cluster.reaches(3);
    expect(cluster.current.level).toBe('info');
  });
});

it('whatever happens, all end with the same', async () => {
  const step = fc.record({
    who: fc.nat(2),
    do: fc.constantFrom('count', 'count', 'count', 'cut', 'lossySet', 'restore', 'lose', 'turn'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const shared = createLossyStore();
      const clusters: TestCluster[] = [];
      for (let index = 0; index < 3; index += 1) clusters.push(await startCluster(shared));
      const seen = clusters.map(({ service }) => {
        const versions = [service.channel.version];
        service.channel.subscribe((_next, _previous, { version }) => void versions.push(version));
        return versions;
      });
      const updates: Array<Promise<unknown>> = [];
      for (const { who, do: action } of steps) {
        const cluster = clusters[who]!;
        if (action === 'count') updates.push(cluster.count().catch(() => undefined));
        else if (action === 'cut') cluster.cut();
        else if (action === 'lossySet') cluster.cutAfterNextSet();
        else if (action === 'restore') cluster.restore();
        else if (action === 'lose') await shared.lose();
        else await new Promise(setImmediate);
      }
      await Promise.all(updates);
      for (const cluster of clusters) cluster.restore();
      await vi.waitUntil(
        () =>
          new Set(
            clusters.map(({ service }) =>
              JSON.stringify([service.channel.version, service.channel.current]),
            ),
          ).size === 1,
        { interval: 1, timeout: 4_000 },
      );
      for (const versions of seen)
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
      for (const { service } of clusters) service.close();
    }),
    { numRuns: 50 },
  );
}, 30_000);
