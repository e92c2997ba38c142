// The engine against the simplest thing that does the same: a Map that is searched from end to end.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMemoryEngine } from './memory-engine.js';
import type { MemoryEngine } from './memory-engine.js';
import type { MemoryLimits } from './memory-table.js';
import type { StateData, StateOperation } from './state-backend.js';

const OVERHEAD_BYTES = 128;

interface ModelEntry {
  data: StateData | number;
  version: number;
  expiresAtMs: number;
}

interface ModelLease {
  readonly owner: string;
  readonly token: number;
  expiresAtMs: number;
}

type Step =
  | StateOperation
  | { readonly name: 'wait'; readonly ms: number }
  | { readonly name: 'expire'; readonly max: number }
  | { readonly name: 'releaseLeasesOf'; readonly owner: string };

const FULL = 'STATE_FULL';
const MISMATCH = 'STATE_TYPE_MISMATCH';

/** Entries are in the order of their use, least recently first. */
function createModel(limits: MemoryLimits) {
  const entries = new Map<string, ModelEntry>();
  const leases = new Map<string, ModelLease>();
  let nowMs = 0;
  let lastVersion = 0;

  const dropExpired = (): void => {
    for (const items of [entries, leases]) {
      for (const [name, { expiresAtMs }] of items) if (expiresAtMs <= nowMs) items.delete(name);
    }
  };
  const sizeOf = (key: string, data: StateData | number): number =>
    key.length + (typeof data === 'number' ? 8 : data.length) + OVERHEAD_BYTES;
  const sizeOfLease = (name: string, owner: string): number =>
    name.length + owner.length + OVERHEAD_BYTES;
  const bytes = (): number => {
    let sum = 0;
    for (const [key, { data }] of entries) sum += sizeOf(key, data);
    for (const [name, { owner }] of leases) sum += sizeOfLease(name, owner);
    return sum;
  };
  const use = (key: string, entry: ModelEntry): void => {
    entries.delete(key);
    entries.set(key, entry);
  };
  const fits = (moreEntries: number, moreBytes: number): boolean =>
    (moreEntries <= 0 || entries.size + leases.size + moreEntries <= limits.maxEntries) &&
    (moreBytes <= 0 || bytes() + moreBytes <= limits.maxBytes);
  const makeRoom = (moreEntries: number, moreBytes: number): void => {
    while (!fits(moreEntries, moreBytes)) {
      const [oldest] = entries.keys();
      if (limits.onFull === 'reject' || oldest === undefined) throw new Error(FULL);
      entries.delete(oldest);
    }
  };
  const put = (
    given: ReadonlyArray<readonly [string, StateData | number]>,
    ttlMs: number,
  ): number[] => {
    const makeRoomFor = (some: typeof given): void => {
      let [moreEntries, moreBytes] = [0, 0];
      for (const [key, data] of some) {
        if (sizeOf(key, data) > limits.maxBytes) throw new Error(FULL);
        const old = entries.get(key);
        if (old === undefined) moreEntries += 1;
        else use(key, old);
        moreBytes += sizeOf(key, data) - (old === undefined ? 0 : sizeOf(key, old.data));
      }
      makeRoom(moreEntries, moreBytes);
    };
    if (limits.onFull === 'reject') makeRoomFor(given);
    return given.map(([key, data]) => {
      if (limits.onFull === 'evict-lru') makeRoomFor([[key, data]]);
      lastVersion += 1;
      use(key, { data, version: lastVersion, expiresAtMs: ttlMs === 0 ? Infinity : nowMs + ttlMs });
      return lastVersion;
    });
  };
  const lifeOf = ({ expiresAtMs }: ModelEntry): number =>
    expiresAtMs === Infinity ? -1 : expiresAtMs - nowMs;
  const tell = (entry: ModelEntry | undefined) =>
    entry && { data: entry.data, version: entry.version, expiresInMs: lifeOf(entry) };
  const matching = (prefix: string): string[] =>
    [...entries.keys()].filter((key) => key.startsWith(prefix));

  const apply = (step: Step): unknown => {
    dropExpired();
    switch (step.name) {
      case 'wait':
        nowMs += step.ms;
        return undefined;
      case 'expire':
      case 'publish':
        return undefined;
      case 'get':
        return step.keys.map((key) => {
          const entry = entries.get(key);
          if (entry !== undefined) use(key, entry);
          return entry?.data;
        });
      case 'getEntry': {
        const entry = entries.get(step.key);
        if (entry !== undefined) use(step.key, entry);
        return tell(entry);
      }
      case 'set':
        return put(step.entries, step.ttlMs);
      case 'has':
        return entries.has(step.key);
      case 'delete':
        return step.keys.filter((key) => entries.delete(key)).length;
      case 'touch': {
        const entry = entries.get(step.key);
        if (entry === undefined) return false;
        entry.expiresAtMs = step.ttlMs === 0 ? Infinity : nowMs + step.ttlMs;
        use(step.key, entry);
        return true;
      }
      case 'increment': {
        const entry = entries.get(step.key);
        if (entry === undefined) {
          put([[step.key, step.by]], step.ttlMs);
          return { value: step.by, expiresInMs: step.ttlMs === 0 ? -1 : step.ttlMs };
        }
        const value = typeof entry.data === 'number' ? entry.data + step.by : NaN;
        if (!Number.isSafeInteger(value)) throw new Error(MISMATCH);
        lastVersion += 1;
        use(step.key, Object.assign(entry, { data: value, version: lastVersion }));
        return { value, expiresInMs: lifeOf(entry) };
      }
      case 'compareAndSet': {
        const current = entries.get(step.key);
        if ((current?.version ?? 0) !== step.expectedVersion)
          return { ok: false, current: tell(current) };
        return { ok: true, version: put([[step.key, step.data]], step.ttlMs)[0] };
      }
      case 'scan':
        return matching(step.prefix)
          .map((key) => [key, entries.get(key)?.data])
          .sort();
      case 'clear':
        return matching(step.prefix).filter((key) => entries.delete(key)).length;
      case 'acquireLease': {
        const held = leases.get(step.lease);
        if (held !== undefined) return held.owner === step.owner ? held.token : undefined;
        makeRoom(1, sizeOfLease(step.lease, step.owner));
        lastVersion += 1;
        const expiresAtMs = nowMs + step.ttlMs;
        leases.set(step.lease, { owner: step.owner, token: lastVersion, expiresAtMs });
        return lastVersion;
      }
      case 'renewLease': {
        const held = leases.get(step.lease);
        if (held?.owner !== step.owner) return false;
        held.expiresAtMs = nowMs + step.ttlMs;
        return true;
      }
      case 'releaseLease':
        if (leases.get(step.lease)?.owner === step.owner) leases.delete(step.lease);
        return undefined;
      case 'releaseLeasesOf':
        for (const [name, { owner }] of leases)
          if (owner.startsWith(step.owner)) leases.delete(name);
        return undefined;
      default:
        return step satisfies never;
    }
  };

  return {
    apply,
    get nowMs() {
      return nowMs;
    },
    figures() {
      dropExpired();
      return { size: entries.size, bytes: bytes(), lastVersion };
    },
    records() {
      dropExpired();
      return [...entries]
        .map(([key, entry]) => [key, entry.data, entry.version, lifeOf(entry)] as const)
        .sort();
    },
  };
}

/** The same step, with the answers of all pages as one. */
function applyToEngine(engine: MemoryEngine, step: Step, nowMs: number): unknown {
  switch (step.name) {
    case 'wait':
      return undefined;
    case 'expire':
      return engine.expire(nowMs, step.max);
    case 'releaseLeasesOf':
      return engine.releaseLeasesOf(step.owner);
    case 'scan': {
      const found: unknown[] = [];
      let cursor = '';
      do {
        const page = engine.apply({ ...step, cursor }, nowMs);
        found.push(...page.entries);
        ({ cursor } = page);
      } while (cursor !== '');
      return found.sort();
    }
    case 'clear': {
      let removed = 0;
      let cursor = '';
      do {
        const page = engine.apply({ ...step, cursor }, nowMs);
        removed += page.removed;
        ({ cursor } = page);
      } while (cursor !== '');
      return removed;
    }
    default:
      return engine.apply(step, nowMs);
  }
}

function outcomeOf(call: () => unknown): unknown {
  try {
    return { value: call() };
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return { code: code ?? message };
  }
}

const anyKey = fc.constantFrom('a', 'b', 'aa', 'ab', '__proto__');
const anyTtlMs = fc.constantFrom(0, 10, 25, 60);
const anyData: fc.Arbitrary<StateData | number> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0.5, Number.MAX_SAFE_INTEGER),
  fc.string({ maxLength: 150, unit: 'grapheme-ascii', size: 'max' }),
  fc.uint8Array({ maxLength: 4 }),
);
const anyPrefix = fc.constantFrom('', 'a', 'z');
const lease = {
  lease: fc.constantFrom('job', 'task'),
  owner: fc.constantFrom('1/a', '1/b', '2/a'),
  ttlMs: fc.constantFrom(10, 25),
};

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ name: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ name: fc.constant('get' as const), keys: fc.array(anyKey, { maxLength: 3 }) }),
  fc.record({ name: fc.constant('getEntry' as const), key: anyKey }),
  fc.record({
    name: fc.constant('set' as const),
    entries: fc.uniqueArray(fc.tuple(anyKey, anyData), {
      minLength: 1,
      maxLength: 3,
      selector: ([key]) => key,
    }),
    ttlMs: anyTtlMs,
  }),
  fc.record({ name: fc.constant('has' as const), key: anyKey }),
  fc.record({ name: fc.constant('delete' as const), keys: fc.array(anyKey, { maxLength: 2 }) }),
  fc.record({ name: fc.constant('touch' as const), key: anyKey, ttlMs: anyTtlMs }),
  fc.record({
    name: fc.constant('increment' as const),
    key: anyKey,
    by: fc.integer({ min: -2, max: 2 }),
    ttlMs: anyTtlMs,
  }),
  fc.record({
    name: fc.constant('compareAndSet' as const),
    key: anyKey,
    expectedVersion: fc.nat(12),
    data: anyData,
    ttlMs: anyTtlMs,
  }),
  fc.record({
    name: fc.constant('scan' as const),
    prefix: anyPrefix,
    cursor: fc.constant(''),
    count: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ name: fc.constant('clear' as const), prefix: anyPrefix, cursor: fc.constant('') }),
  fc.record({ name: fc.constant('acquireLease' as const), ...lease }),
  fc.record({ name: fc.constant('renewLease' as const), ...lease }),
  fc.record({ name: fc.constant('releaseLease' as const), lease: lease.lease, owner: lease.owner }),
  fc.record({
    name: fc.constant('releaseLeasesOf' as const),
    owner: fc.constantFrom('1/', '2/a', '3/'),
  }),
  fc.record({ name: fc.constant('expire' as const), max: fc.nat(2) }),
);

it.each(['reject', 'evict-lru'] as const)(
  'an engine does what a plain model does, with any history (%s)',
  (onFull) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 150, max: 900 }),
        fc.array(anyStep, { maxLength: 60, size: 'max' }),
        (maxEntries, maxBytes, steps) => {
          const limits = { maxEntries, maxBytes, onFull };
          const engine = createMemoryEngine({ ...limits, firstVersion: 0 });
          const model = createModel(limits);
          for (const step of steps) {
            const { nowMs } = model;
            expect(outcomeOf(() => applyToEngine(engine, step, nowMs))).toEqual(
              outcomeOf(() => model.apply(step)),
            );
          }
          const { nowMs } = model;
          expect([...engine.entries(() => nowMs)].sort()).toEqual(model.records());
          engine.expire(nowMs, Infinity);
          const { size, bytes, lastVersion } = engine;
          expect({ size, bytes, lastVersion }).toEqual(model.figures());
        },
      ),
      { numRuns: 1_000 },
    );
  },
);
