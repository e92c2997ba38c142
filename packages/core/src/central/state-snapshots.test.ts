import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createLogRecorder } from '../../test/simulated-cluster.js';
import { createMemoryEngine } from '../state/memory-engine.js';
import type { EntryRecord, MemoryEngine } from '../state/memory-engine.js';
import type { StateData } from '../state/state-backend.js';
import { DamagedSnapshotError, readSnapshot, writeSnapshot } from './snapshot-file.js';
import { openSnapshots } from './state-snapshots.js';
import type { StateSnapshotParts } from './state-snapshots.js';

const clocks = { monotonicMs: () => 0, wallMs: () => 1_000_000 };
const never = new AbortController().signal;
let file: string;

beforeEach(() => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'corral-snapshot-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  file = path.join(directory, 'state');
});

function create(entries: Record<string, StateData | number> = {}): MemoryEngine {
  const engine = createMemoryEngine({
    maxEntries: 100_000,
    maxBytes: 2 ** 30,
    onFull: 'reject',
    firstVersion: 0,
  });
  set(engine, entries);
  return engine;
}

function set(engine: MemoryEngine, entries: Record<string, StateData | number>, ttlMs = 0): void {
  engine.apply({ name: 'set', entries: Object.entries(entries), ttlMs }, 0);
}

async function write(engine: MemoryEngine): Promise<number> {
  return await writeSnapshot(file, engine, clocks, never);
}

async function read(wallMs = clocks.wallMs()): Promise<EntryRecord[]> {
  const found: EntryRecord[] = [];
  for await (const { entries } of readSnapshot(file, () => wallMs)) found.push(...entries);
  return found;
}

describe('a snapshot file', () => {
  it('has what is in the engine, for its owner alone', async () => {
    const engine = create({
      number: -0.5,
      text: 'j"\u2028\ud800"',
      bytes: new Uint8Array([0, 255]),
    });
    set(engine, { brief: 1 }, 60_000);
    expect(await write(engine)).toBe(4);
    expect(await read()).toEqual([...engine.entries(() => 0)]);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(path.dirname(file))).toEqual(['state']);
  });

  it('is read without what has expired meanwhile, by the clock on the wall', async () => {
    const engine = create({ stays: 1 });
    set(engine, { brief: 1 }, 60_000);
    await write(engine);
    expect(await read(1_059_999)).toContainEqual(['brief', 1, 2, 1]);
    expect(await read(1_060_000)).toEqual([['stays', 1, 1, -1]]);
  });

  it('brings the last version, also when nothing else is left', async () => {
    const engine = create({ a: 1 });
    engine.apply({ name: 'delete', keys: ['a'] }, 0);
    await write(engine);
    const next = create();
    for await (const records of readSnapshot(file, clocks.wallMs)) next.restore(records, 0);
    expect(next.lastVersion).toBe(1);
  });

  it('of many entries is written in parts, and ends although new ones are made all the time', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`key-${n}`, n]));
    const engine = create(many);
    let made = 0;
    const making = setInterval(() => {
      for (let count = 0; count < 500; count++) set(engine, { [`more-${(made += 1)}`]: 1 });
    });
    const written = await write(engine);
    clearInterval(making);
    expect(written).toBeGreaterThanOrEqual(5_000);
    expect(await read()).toHaveLength(written);
  });

  it('is what it was, when the next one is given up on the way', async () => {
    await write(create({ a: 1 }));
    await expect(
      writeSnapshot(file, create({ a: 2 }), clocks, AbortSignal.abort()),
    ).rejects.toThrow(/abort/i);
    expect(await read()).toEqual([['a', 1, 1, -1]]);
    expect(fs.readdirSync(path.dirname(file))).toEqual(['state']);
  });

  it('that is not as it was written is damaged, wherever', async () => {
    await write(
      create({ count: 42, session: 'j{"user":"ada"}', bytes: new Uint8Array([1, 2, 3]) }),
    );
    const whole = fs.readFileSync(file);
    const intact = await read();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.constantFrom('cut', 'change', 'insert'),
        async (at, by, kind) => {
          const bytes = Buffer.from(whole);
          bytes[at] = (bytes[at] ?? 0) ^ by;
          const damaged = {
            cut: whole.subarray(0, at),
            change: bytes,
            insert: Buffer.concat([
              whole.subarray(0, at),
              bytes.subarray(at, at + 1),
              whole.subarray(at),
            ]),
          }[kind];
          fs.writeFileSync(file, damaged);
          try {
            // Not all bytes matter, such as the case of the checksum's letters.
            expect(await read()).toEqual(intact);
          } catch (error) {
            expect(error).toBeInstanceOf(DamagedSnapshotError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('snapshots', () => {
  const open = async (
    engine: MemoryEngine,
    parts: Partial<StateSnapshotParts> = {},
  ): Promise<{
    readonly snapshots: Awaited<ReturnType<typeof openSnapshots>>;
    readonly lines: ReturnType<typeof createLogRecorder>['lines'];
    /** Resolves with the next line of the log. */
    nextLine(): Promise<void>;
  }> => {
    let onLine = (): void => undefined;
    const { logger, lines } = createLogRecorder(() => onLine());
    const snapshots = await openSnapshots({ file, intervalMs: 60_000, engine, logger, ...parts });
    onTestFinished(async () => await snapshots.pause());
    return {
      snapshots,
      lines,
      nextLine: async () => await new Promise((resolve) => void (onLine = resolve)),
    };
  };

  it('are written at the end, and read at the next beginning', async () => {
    const first = await open(create({ a: 1 }));
    await first.snapshots.begin();
    // It has not changed since the beginning.
    await first.snapshots.close();
    expect(fs.existsSync(file)).toBe(false);

    const engine = create();
    const second = await open(engine);
    await second.snapshots.begin();
    set(engine, { a: 2 });
    await second.snapshots.close();
    expect(second.snapshots.status()).toMatchObject({ file, entries: 1 });

    const next = create();
    const { snapshots, lines } = await open(next);
    await snapshots.begin();
    expect(next.apply({ name: 'get', keys: ['a'] }, 0)).toEqual([2]);
    expect(lines).toEqual([]);
  });

  it('begin with nothing when the file is damaged, which is put aside and said once', async () => {
    fs.writeFileSync(file, 'something else\n');
    const engine = create();
    const { snapshots, lines } = await open(engine);
    await snapshots.begin();
    expect(engine.size).toBe(0);
    expect(lines).toMatchObject([{ level: 'warn' }]);
    const [aside = ''] = fs.readdirSync(path.dirname(file));
    expect(aside).toMatch(/^state\.damaged-\d{4}-\d\d-\d\dT\d+\.\d+Z$/);
    expect(lines[0]?.message).toContain(aside);
    expect(fs.readFileSync(path.join(path.dirname(file), aside), 'utf8')).toBe('something else\n');
  });

  it('that cannot be written are said once, told in the status, and go on', async () => {
    const engine = create();
    const { snapshots, lines, nextLine } = await open(engine, { intervalMs: 1 });
    const directory = path.dirname(file);
    fs.rmdirSync(directory);
    const said = nextLine();
    set(engine, { a: 1 });
    snapshots.resume();
    await said;
    expect(snapshots.status()).toEqual({
      file,
      problem: expect.stringMatching(/ENOENT/) as string,
    });
    const saidAgain = nextLine();
    fs.mkdirSync(directory);
    await saidAgain;
    expect(lines.map(({ level }) => level)).toEqual(['error', 'info']);
    await snapshots.close();
    expect(snapshots.status()).toMatchObject({
      entries: 1,
      writtenAt: expect.any(String) as string,
    });
    expect(snapshots.status().problem).toBeUndefined();
  });

  it('are not written while paused', async () => {
    const engine = create();
    const { snapshots } = await open(engine, { intervalMs: 1 });
    snapshots.resume();
    await snapshots.pause();
    set(engine, { a: 1 });
    await snapshots.close();
    expect(fs.existsSync(file)).toBe(false);
  });

  it.each([
    ['in a directory that is not there', () => path.join(file, 'state')],
    ['that is a directory', () => path.dirname(file)],
  ])('to a place %s are wrong options', async (_, place) => {
    const wrong = expect.objectContaining({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('state.snapshotFile') as string,
    }) as unknown as Error;
    await expect(open(create(), { file: place() })).rejects.toThrow(wrong);
  });
});
