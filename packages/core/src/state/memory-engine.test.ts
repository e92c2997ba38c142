import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryEngine } from './memory-engine.js';
import type { MemoryEngine, MemoryEngineOptions } from './memory-engine.js';

const full = expect.objectContaining({ code: 'STATE_FULL' }) as unknown as Error;

function create(options: Partial<MemoryEngineOptions> = {}): MemoryEngine {
  return createMemoryEngine({
    maxEntries: 100,
    maxBytes: 1_000_000,
    onFull: 'reject',
    firstVersion: 0,
    ...options,
  });
}

function set(engine: MemoryEngine, key: string, nowMs = 0, ttlMs = 0): number | undefined {
  return engine.apply({ name: 'set', entries: [[key, 1]], ttlMs }, nowMs)[0];
}

function keysOf(engine: MemoryEngine, nowMs = 0): string[] {
  return [...engine.entries(() => nowMs)].map(([key]) => key);
}

describe('a full engine', () => {
  it('refuses, changes nothing, and still lets what is there be changed', () => {
    const engine = create({ maxEntries: 2 });
    set(engine, 'a');
    set(engine, 'b');
    expect(() => set(engine, 'c')).toThrow(full);
    const two = [
      ['a', 2],
      ['c', 2],
    ] as const;
    expect(() => engine.apply({ name: 'set', entries: two, ttlMs: 0 }, 0)).toThrow(full);
    expect(() => engine.apply({ name: 'increment', key: 'c', by: 1, ttlMs: 0 }, 0)).toThrow(full);
    const lease = { name: 'acquireLease', lease: 'l', owner: 'o', ttlMs: 100 } as const;
    expect(() => engine.apply(lease, 0)).toThrow(full);
    expect([...engine.entries(() => 0)].map(([key, data]) => [key, data])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(engine.apply({ name: 'increment', key: 'a', by: 1, ttlMs: 0 }, 0).value).toBe(2);
    engine.apply({ name: 'delete', keys: ['b'] }, 0);
    expect(engine.apply(lease, 0)).toBeGreaterThan(0);
  });

  it('gives the room of what has expired to others', () => {
    const engine = create({ maxEntries: 2 });
    set(engine, 'a', 0, 100);
    set(engine, 'b', 0, 50);
    expect(() => set(engine, 'c', 49)).toThrow(full);
    set(engine, 'c', 50);
    expect(keysOf(engine, 50)).toEqual(['a', 'c']);
  });

  it('counts the bytes of keys and values', () => {
    const engine = create({ maxBytes: 1_000 });
    const text = 'x'.repeat(500);
    engine.apply({ name: 'set', entries: [['a', text]], ttlMs: 0 }, 0);
    const before = engine.bytes;
    expect(before).toBeGreaterThan(500);
    expect(() => engine.apply({ name: 'set', entries: [['b', text]], ttlMs: 0 }, 0)).toThrow(full);
    engine.apply({ name: 'set', entries: [['a', 'ü'.repeat(100)]], ttlMs: 0 }, 0);
    expect(engine.bytes).toBe(before - 300);
    engine.apply({ name: 'delete', keys: ['a'] }, 0);
    expect(engine.bytes).toBe(0);
  });

  it('as a cache gives up what was used least recently', () => {
    const engine = create({ maxEntries: 3, onFull: 'evict-lru' });
    for (const key of ['a', 'b', 'c']) set(engine, key);
    engine.apply({ name: 'get', keys: ['a'] }, 0);
    engine.apply({ name: 'has', key: 'b' }, 0);
    set(engine, 'd');
    expect(keysOf(engine)).toEqual(['a', 'c', 'd']);
    engine.apply({ name: 'touch', key: 'c', ttlMs: 0 }, 0);
    set(engine, 'e');
    expect(keysOf(engine)).toEqual(['c', 'd', 'e']);
  });

  it('as a cache refuses only what is larger than all of it', () => {
    const engine = create({ maxBytes: 1_000, onFull: 'evict-lru' });
    set(engine, 'a');
    const large = [['b', 'x'.repeat(1_000)]] as const;
    expect(() => engine.apply({ name: 'set', entries: large, ttlMs: 0 }, 0)).toThrow(full);
    expect(keysOf(engine)).toEqual(['a']);
  });
});

describe('counting', () => {
  it('stays within the safe integers', () => {
    const engine = create();
    const most = Number.MAX_SAFE_INTEGER;
    engine.apply({ name: 'increment', key: 'a', by: most, ttlMs: 0 }, 0);
    const mismatch = expect.objectContaining({ code: 'STATE_TYPE_MISMATCH' }) as unknown as Error;
    const next = { name: 'increment', key: 'a', by: 1, ttlMs: 0 } as const;
    expect(() => engine.apply(next, 0)).toThrow(mismatch);
    engine.apply({ name: 'set', entries: [['b', 0.5]], ttlMs: 0 }, 0);
    expect(() => engine.apply({ ...next, key: 'b' }, 0)).toThrow(mismatch);
    expect(engine.apply({ name: 'get', keys: ['a'] }, 0)).toEqual([most]);
  });
});

describe('large things', () => {
  it('refuses an answer that would be too large for a message', () => {
    const engine = create({ maxBytes: 2 ** 30 });
    engine.apply({ name: 'set', entries: [['a', 'x'.repeat(2 ** 20)]], ttlMs: 0 }, 0);
    const keys = Array.from({ length: 40 }, () => 'a');
    expect(() => engine.apply({ name: 'get', keys }, 0)).toThrow('ask for fewer keys at a time');
  });

  it('keeps no window on a larger buffer', () => {
    const engine = create();
    const whole = Buffer.alloc(1_000, 1);
    engine.apply({ name: 'set', entries: [['a', whole.subarray(10, 12)]], ttlMs: 0 }, 0);
    whole.fill(2);
    expect(engine.apply({ name: 'get', keys: ['a'] }, 0)).toEqual([new Uint8Array([1, 1])]);
  });
});

describe('scanning', () => {
  let engine: MemoryEngine;

  beforeEach(() => {
    engine = create({ maxEntries: 20_000, maxBytes: 2 ** 30 });
    for (let index = 0; index < 12_000; index++) set(engine, `key-${index}`);
    set(engine, 'other');
  });

  const scan = (prefix: string, step: (page: number) => void = () => undefined): string[] => {
    const found: string[] = [];
    let cursor = '';
    let page = 0;
    do {
      const result = engine.apply({ name: 'scan', prefix, cursor, count: 1_000 }, 0);
      expect(result.entries.length).toBeLessThanOrEqual(1_000);
      found.push(...result.entries.map(([key]) => key));
      cursor = result.cursor;
      step(page++);
    } while (cursor !== '');
    return found;
  };

  /** @returns how many keys each page has removed */
  const clear = (prefix: string, step: (page: number) => void = () => undefined): number[] => {
    const pages: number[] = [];
    let cursor = '';
    do {
      const result = engine.apply({ name: 'clear', prefix, cursor }, 0);
      ({ cursor } = result);
      step(pages.push(result.removed));
    } while (cursor !== '');
    return pages;
  };

  it('comes to the end in pages, also when few keys match', () => {
    expect(scan('key-')).toHaveLength(12_000);
    expect(scan('other')).toEqual(['other']);
  });

  it('goes on from its place when that was forgotten', () => {
    const found = scan('key-', (page) => engine.expire(page * 60_000, 0));
    expect(new Set(found).size).toBe(12_000);
    expect(found).toHaveLength(12_000);
  });

  it('misses nothing that stays while others go, and ends when all go', () => {
    const found = scan('key-', (page) => {
      engine.apply({ name: 'delete', keys: [`key-${page * 1_000 + 999}`] }, 0);
      set(engine, `key-${page * 1_000}`);
    });
    expect(new Set(found).size).toBe(found.length);
    expect(found.length).toBeGreaterThanOrEqual(12_000 - 12);
    expect(scan('', () => clear(''))).toHaveLength(1_000);
  });

  it('ends although new keys are made all the time', () => {
    let made = 0;
    const make = (): void => {
      for (let count = 0; count < 1_000; count++) set(engine, `new-${(made += 1)}`);
      engine.apply(
        { name: 'delete', keys: Array.from({ length: 900 }, (_, n) => `new-${made - n}`) },
        0,
      );
    };
    expect(scan('key-', make)).toHaveLength(12_000);
    expect(clear('', make).length).toBeLessThan(20);
  });

  it('clears in pages, and only what begins so', () => {
    set(engine, 'key-brief', 0, 1);
    const full = Array.from({ length: 12 }, () => 1_000);
    expect(clear('key-', () => set(engine, 'key-new'))).toEqual([...full, 1]);
    expect(keysOf(engine)).toEqual(['other', 'key-new']);
  });
});

describe('leases', () => {
  const acquire = { name: 'acquireLease', lease: 'job', owner: 'a', ttlMs: 100 } as const;

  it('answers the same acquisition again', () => {
    const engine = create();
    const token = engine.apply(acquire, 0);
    expect(engine.apply(acquire, 50)).toBe(token);
    expect(engine.apply({ ...acquire, owner: 'b' }, 99)).toBeUndefined();
    expect(engine.apply({ ...acquire, owner: 'b' }, 100)).toBeGreaterThan(token ?? Infinity);
  });

  it('renews and releases only for the holder', () => {
    const engine = create();
    engine.apply(acquire, 0);
    engine.apply({ name: 'releaseLease', lease: 'job', owner: 'b' }, 0);
    expect(engine.apply({ ...acquire, name: 'renewLease', owner: 'b' }, 50)).toBe(false);
    expect(engine.apply({ ...acquire, name: 'renewLease' }, 50)).toBe(true);
    expect(engine.apply({ ...acquire, owner: 'b' }, 149)).toBeUndefined();
    expect(engine.apply({ ...acquire, name: 'renewLease' }, 150)).toBe(false);
    engine.expire(1_000, 10);
    expect(engine.bytes).toBe(0);
  });
});

describe('handing over', () => {
  it('takes entries, leases and the count of versions along', () => {
    const old = create();
    set(old, 'gone', 0, 10);
    const version = set(old, 'a', 0, 100);
    set(old, 'b');
    const lease = { name: 'acquireLease', lease: 'job', owner: 'a', ttlMs: 100 } as const;
    const token = old.apply(lease, 0) ?? 0;

    const engine = create();
    const { lastVersion } = old;
    const entries = [...old.entries(() => 50)];
    expect(engine.restore({ lastVersion, entries, leases: old.leases(50) }, 1_050)).toBe(0);
    expect(keysOf(engine, 1_099)).toEqual(['a', 'b']);
    expect(keysOf(engine, 1_100)).toEqual(['b']);
    expect(engine.apply({ name: 'getEntry', key: 'a' }, 1_060)).toEqual({
      data: 1,
      version,
      expiresInMs: 40,
    });
    expect(engine.apply({ ...lease, owner: 'b' }, 1_099)).toBeUndefined();
    expect(engine.apply({ ...lease, name: 'renewLease' }, 1_099)).toBe(true);
    expect(set(engine, 'c', 1_099)).toBeGreaterThan(token);
  });

  it('leaves out what there is no room for', () => {
    const engine = create({ maxEntries: 1 });
    const entries = [
      ['a', 1, 5, -1],
      ['b', 1, 6, -1],
    ] as const;
    expect(engine.restore({ lastVersion: 6, entries, leases: [] }, 0)).toBe(1);
    expect(keysOf(engine)).toEqual(['a']);
  });
});
