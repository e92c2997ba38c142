import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { linkChannels } from '../../test/linked-channels.js';
import type { LinkedChannels } from '../../test/linked-channels.js';
import { createLogRecorder } from '../../test/simulated-cluster.js';
import type { LogLine } from '../../test/simulated-cluster.js';
import { linkState } from '../../test/state-link.js';
import type { Logger } from '../logger.js';
import { openSnapshots } from '../central/state-snapshots.js';
import type { StateSnapshots } from '../central/state-snapshots.js';
import { createStateStore } from '../state/create-state-store.js';
import { createMemoryState } from '../state/memory-state.js';
import type { MemoryLimits } from '../state/memory-table.js';
import type { StateStore } from '../state/state-store.js';
import type { EmbeddedState } from './primary-state.js';
import { createStateHost } from './state-host.js';
import { createStateGiver, followState } from './state-move.js';
import type { StateGiver } from './state-move.js';
import { createUpgradeLink } from './upgrade-link.js';
import type { LinkChannel, UpgradeLink } from './upgrade-link.js';

interface Side {
  readonly embedded: EmbeddedState;
  readonly link: UpgradeLink;
  /** Of a worker of this primary. */
  readonly store: StateStore;
}

interface Upgrade {
  readonly old: Side;
  readonly next: Side;
  readonly giver: StateGiver;
  /** Makes the state the successor's own. */
  readonly own: () => void;
  readonly channels: LinkedChannels;
  readonly lines: readonly LogLine[];
}

function createSide(link: UpgradeLink, limits?: Partial<MemoryLimits>): Side {
  const memory = createMemoryState(limits);
  onTestFinished(() => memory.close());
  const embedded = {
    memory,
    host: createStateHost(memory),
    snapshots: undefined,
    timeoutMs: 5_000,
  };
  return { embedded, link, store: createStateStore(linkState(embedded.host).backend) };
}

function beginUpgrade(limits?: Partial<MemoryLimits>): Upgrade {
  const channels = linkChannels();
  const { logger, lines } = createLogRecorder();
  const [old, next] = [
    createSide(createUpgradeLink(channels.ends[0], logger)),
    createSide(createUpgradeLink(channels.ends[1], logger), limits),
  ];
  const giver = createStateGiver(old.embedded, old.link);
  const own = followState(next.embedded, next.link, logger);
  return { old, next, giver, own, channels, lines };
}

/** Two primaries with one snapshot file. */
function createFile(): {
  readonly file: string;
  readonly logger: Logger;
  readonly channels: LinkedChannels;
  open(end: LinkChannel): Promise<[EmbeddedState, StateSnapshots, UpgradeLink]>;
} {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'corral-move-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'state');
  const { logger } = createLogRecorder();
  return {
    file,
    logger,
    channels: linkChannels(),
    async open(end) {
      const link = createUpgradeLink(end, logger);
      const { embedded } = createSide(link);
      const { engine } = embedded.memory;
      const snapshots = await openSnapshots({ file, intervalMs: 60_000, engine, logger });
      onTestFinished(async () => await snapshots.pause());
      return [{ ...embedded, snapshots }, snapshots, link];
    },
  };
}

async function fill(store: StateStore, count: number): Promise<void> {
  await store.setMany(Array.from({ length: count }, (_, index) => [`key-${index}`, index]));
}

/** Increments until told to stop; resolves with how often. */
function startCounting(store: StateStore): () => Promise<number> {
  let isOver = false;
  const counting = (async () => {
    let count = 0;
    for (; !isOver; count++) await store.increment('count');
    return count;
  })();
  return async () => {
    isOver = true;
    return await counting;
  };
}

describe('a state that moves to another primary', () => {
  it('is one for both, before, meanwhile and afterwards', async () => {
    const { old, next, giver, own, channels } = beginUpgrade();
    await fill(old.store, 12_345);
    await old.store.set('brief', 1, { ttlMs: 60_000 });
    expect(await next.store.get('key-7')).toBe(7);
    const lease = await next.store.acquireLease('job', { ttlMs: 60_000 });
    const counts = [startCounting(old.store), startCounting(next.store)];

    let progress = 0;
    await giver.give(() => (progress += 1));
    expect(progress).toBeGreaterThan(5);
    await nextTurn();
    own();
    giver.given();
    for (let turn = 0; turn < 100; turn++) await nextTurn();

    const done = await Promise.all(counts.map(async (stop) => await stop()));
    const sum = done.reduce((total, count) => total + count);
    expect(done.every((count) => count > 5)).toBe(true);
    for (const store of [old.store, next.store]) {
      expect(await store.get('count')).toBe(sum);
      expect(await store.get('key-12344')).toBe(12_344);
      expect((await store.getEntry('brief'))?.expiresInMs).toBeLessThanOrEqual(60_000);
      expect(await store.acquireLease('job', { ttlMs: 60_000 })).toBeUndefined();
    }
    expect(await lease?.renew()).toBe(true);
    const other = await old.store.acquireLease('other', { ttlMs: 60_000 });
    expect(other?.fencingToken).toBeGreaterThan(lease?.fencingToken ?? Infinity);
    // It was there that all of this was done.
    expect(next.embedded.memory.engine.size).toBe(12_347);
    expect(channels.sent.filter((type) => type === 'chunk').length).toBeGreaterThan(12);
  });

  it('travels no faster than it arrives', async () => {
    const { old, giver, channels, next } = beginUpgrade();
    await fill(old.store, 20_000);
    next.link.on('chunk', () => undefined);
    void giver.give(() => undefined);
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    expect(channels.sent.filter((type) => type === 'chunk')).toHaveLength(16);
  });

  it('stays where it was when the successor fails on the way', async () => {
    const { old, giver, channels } = beginUpgrade();
    await fill(old.store, 20_000);
    const lease = await old.store.acquireLease('job', { ttlMs: 60_000 });
    const stop = startCounting(old.store);
    await new Promise<void>((resolve) => {
      let left = 5;
      void giver.give(() => {
        left -= 1;
        if (left === 0) resolve();
      });
    });
    channels.disconnect();
    old.link.end();
    giver.keep();
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    const count = await stop();
    expect(await old.store.get('count')).toBe(count);
    expect(await old.store.get('key-19999')).toBe(19_999);
    expect(await lease?.renew()).toBe(true);
  });

  it('is written to its file by the primary that has it', async () => {
    const { file, logger, channels, open } = createFile();
    const [old, oldSnapshots, oldLink] = await open(channels.ends[0]);
    const [next, nextSnapshots, nextLink] = await open(channels.ends[1]);
    await oldSnapshots.begin();
    const giver = createStateGiver(old, oldLink);
    const own = followState(next, nextLink, logger);
    const store = createStateStore(old.host.open());
    await store.set('key', 1);

    await giver.give(() => undefined);
    giver.keep();
    await oldSnapshots.close();
    expect(fs.existsSync(file)).toBe(true);
    fs.rmSync(file);

    oldSnapshots.resume();
    await giver.give(() => undefined);
    own();
    giver.given();
    await store.set('other', 1);
    await oldSnapshots.close();
    expect(fs.existsSync(file)).toBe(false);
    await nextSnapshots.close();
    expect(nextSnapshots.status()).toMatchObject({ entries: 2 });
  });

  it('is what has arrived when the predecessor dies, and the successor goes on', async () => {
    const { old, next, giver, channels } = beginUpgrade();
    await fill(old.store, 2_500);
    await giver.give(() => undefined);
    const waiting = next.store.increment('count');
    channels.disconnect();
    expect(await waiting).toMatchObject({ value: 1 });
    expect(await next.store.get('key-2499')).toBe(2_499);
  });

  it('is read from its file before anything happens in it when the predecessor dies', async () => {
    const { file, logger, channels, open } = createFile();
    const [old, oldSnapshots] = await open(channels.ends[0]);
    const [next, nextSnapshots, nextLink] = await open(channels.ends[1]);
    await oldSnapshots.begin();
    await fill(createStateStore(old.host.open()), 20_000);
    await oldSnapshots.close();
    const written = fs.readFileSync(file);

    followState(next, nextLink, logger);
    const store = createStateStore(next.host.open());
    channels.disconnect();
    for (let turn = 0; next.memory.engine.size === 0; turn++) {
      if (turn > 10_000) throw new Error('the file is not read');
      await nextTurn();
    }
    // What is there by now is a part of it: nothing to be written, and nothing to answer from.
    expect(next.memory.engine.size).toBeLessThan(20_000);
    const waiting = store.compareAndSet('key-19999', 0, 'new');
    await nextSnapshots.close();
    expect(fs.readFileSync(file).equals(written)).toBe(true);
    expect(await waiting).toMatchObject({ ok: false, current: { value: 19_999 } });
    expect(await store.get('key-0')).toBe(0);
    await store.set('later', 1);
    await nextSnapshots.close();
    expect(nextSnapshots.status()).toMatchObject({ entries: 20_001 });
  });

  it('leaves out what the successor has no room for, and says so', async () => {
    const { old, next, giver, own, lines } = beginUpgrade({ maxEntries: 100 });
    await fill(old.store, 150);
    await giver.give(() => undefined);
    own();
    giver.given();
    expect(await next.store.get('key-99')).toBe(99);
    expect(await old.store.has('key-149')).toBe(false);
    expect(lines).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('50 entries') as string }),
    );
  });
});
