import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrapForPrimary, unwrapForWorker, wrap } from './envelope.js';
import { createOffloadStatistics } from '../offload/offload-statistics.js';
import type { ToPrimary, ToWorker } from './messages.js';

const sample = {
  rssBytes: 1,
  heapUsedBytes: 2,
  heapTotalBytes: 3,
  heapUsedRatio: 0.5,
  externalBytes: 4,
  cpuRatio: 0.1,
  eventLoopUtilizationRatio: 0.2,
  eventLoopDelayMeanMs: 5,
  eventLoopDelayP99Ms: 6,
};
const error = { name: 'Error', message: 'x', code: 'E', stack: 'Error: x\n    at y' };
const data = new Uint8Array([1, 2]);
const offload = {
  grantedThreads: 2,
  utilizationRatio: 0.5,
  modules: [
    {
      name: 'tasks',
      threads: 2,
      running: 1,
      queued: 0,
      maxQueue: 256,
      ...createOffloadStatistics().snapshot(),
    },
  ],
};
const query = { address: null, port: 3_000, addressType: 4, flags: 0, index: 0 } as const;

/** One of every type; a new type that is missing here fails to compile. */
const toPrimary: {
  readonly [T in ToPrimary['type']]: ReadonlyArray<Extract<ToPrimary, { type: T }>>;
} = {
  hello: [{ type: 'hello' }],
  ready: [{ type: 'ready' }],
  waitingForChecks: [{ type: 'waitingForChecks', checks: ['db'] }],
  bootFailed: [
    { type: 'bootFailed', error },
    { type: 'bootFailed', error: { name: 'E', message: '' }, address: '*:80' },
  ],
  failing: [{ type: 'failing', error }],
  heartbeat: [
    { type: 'heartbeat', sample, connections: 0, requests: 9, debugged: false },
    {
      type: 'heartbeat',
      sample,
      connections: 0,
      requests: 9,
      debugged: false,
      malformedMessages: 1,
    },
    { type: 'heartbeat', sample, connections: 0, requests: 9, debugged: false, offload },
  ],
  terminated: [{ type: 'terminated' }],
  drained: [{ type: 'drained', cutConnections: 2 }],
  wantThreads: [{ type: 'wantThreads' }],
  listenForEvents: [{ type: 'listenForEvents' }],
  request: [
    { type: 'request', seq: 1, call: { name: 'status' } },
    { type: 'request', seq: 2, call: { name: 'reload', options: { concurrency: 2 } } },
    { type: 'request', seq: 3, call: { name: 'scale', workers: 2 } },
    { type: 'request', seq: 4, call: { name: 'shutdown', reason: 'x' } },
    { type: 'request', seq: 5, call: { name: 'upgrade', options: {} } },
    { type: 'request', seq: 6, call: { name: 'config' } },
    {
      type: 'request',
      seq: 7,
      call: { name: 'updateConfig', kind: 'patch', text: '{}', expectedVersion: 2, timeoutMs: 50 },
    },
  ],
  listen: [
    { type: 'listen', seq: 1, query },
    { type: 'listen', seq: 1, query: { ...query, ticketKeys: new Uint8Array(48) } },
  ],
  unlisten: [{ type: 'unlisten', key: 'k', isDraining: true }],
  connectionReply: [{ type: 'connectionReply', key: 'k', seq: 1, accepted: false }],
  connectionLost: [{ type: 'connectionLost', key: 'k', seq: 1 }],
  grantLost: [{ type: 'grantLost', key: 'k', slot: 0 }],
  connections: [{ type: 'connections', connections: 8 }],
  interest: [{ type: 'interest', kind: 'topic', name: 'prices', isWanted: true }],
  publish: [{ type: 'publish', topic: 'prices', data }],
  ask: [
    { type: 'ask', seq: 1, target: 'any', name: 'sum', data, timeoutMs: 50 },
    { type: 'ask', seq: 2, target: 2, name: 'sum', data, timeoutMs: 50 },
  ],
  answer: [{ type: 'answer', seq: 1, outcome: { ok: true, value: data } }],
  configAnswer: [
    { type: 'configAnswer', version: 2 },
    { type: 'configAnswer', version: 2, error },
  ],
  state: [{ type: 'state', seq: 1, operations: [2, 'key'] }],
};

const toWorker: {
  readonly [T in ToWorker['type']]: ReadonlyArray<Extract<ToWorker, { type: T }>>;
} = {
  drain: [{ type: 'drain', reason: 'reload', keepAccepting: false }],
  hurry: [{ type: 'hurry' }],
  threadGrant: [{ type: 'threadGrant', threads: 2 }],
  markReady: [{ type: 'markReady' }],
  event: [{ type: 'event', name: 'scale', event: { from: 1, to: 2 } }],
  listenReply: [
    {
      type: 'listenReply',
      seq: 1,
      outcome: {
        ok: true,
        key: 'k',
        keepsClients: false,
        bound: { address: '::', family: 'IPv6', port: 80 },
      },
    },
    { type: 'listenReply', seq: 1, outcome: { ok: false, errno: -98 } },
  ],
  grant: [{ type: 'grant', key: 'k', slot: 0 }],
  revoke: [{ type: 'revoke', key: 'k', slot: 0 }],
  unlistened: [{ type: 'unlistened', key: 'k' }],
  connection: [{ type: 'connection', seq: 1, key: 'k' }],
  reply: [
    { type: 'reply', seq: 1, outcome: { ok: true, value: undefined } },
    { type: 'reply', seq: 1, outcome: { ok: false, error, details: { replaced: 1 } } },
  ],
  stateAnswer: [{ type: 'stateAnswer', seq: 1, results: [true], failed: [], count: 1 }],
  statePublished: [
    { type: 'statePublished', channel: 'news', data },
    { type: 'statePublished', channel: 'news', data: 'text' },
    { type: 'statePublished', channel: 'news', data: 7 },
  ],
  config: [{ type: 'config', version: 2, text: '{}', timeoutMs: 50 }],
  published: [{ type: 'published', topic: 'prices', data, from: 0 }],
  ask: [{ type: 'ask', seq: 1, name: 'sum', data, from: 3 }],
  answer: [
    { type: 'answer', seq: 1, outcome: { ok: false, error, details: undefined } },
    { type: 'answer', seq: 1, outcome: { ok: false, error, details: 1, isResponders: true } },
  ],
};

describe('a message in its envelope', () => {
  it.each(Object.values(toPrimary).flat())(
    'to the primary comes out as it went in: %j',
    (message) => {
      expect(unwrapForPrimary(wrap(message))).toEqual({ kind: 'message', message });
    },
  );

  it.each(Object.values(toWorker).flat())('to a worker comes out as it went in: %j', (message) => {
    expect(unwrapForWorker(wrap(message))).toEqual({ kind: 'message', message });
  });

  it('may have more fields, which a newer side has added', () => {
    const message = { type: 'drained', cutConnections: 2, added: 'later' };
    expect(unwrapForPrimary({ corral: 1, message })).toEqual({
      kind: 'message',
      message: { type: 'drained', cutConnections: 2 },
    });
  });

  it('is not understood by the wrong side', () => {
    expect(unwrapForWorker(wrap({ type: 'ready' })).kind).toBe('malformed');
    expect(unwrapForPrimary(wrap({ type: 'hurry' })).kind).toBe('malformed');
  });

  it('of another version is said to be so', () => {
    expect(unwrapForPrimary({ corral: 2, message: { type: 'ready' } })).toEqual({
      kind: 'malformed',
      why: 'protocol version 2, not 1',
    });
  });

  it('of no version at all is said to be so, whatever stands there', () => {
    // An object that cannot even be turned into text.
    const corral: unknown = Object.create(null);
    expect(unwrapForPrimary({ corral, message: { type: 'ready' } })).toEqual({
      kind: 'malformed',
      why: 'protocol version object, not 1',
    });
  });

  it.each([
    [{ type: 'drained', cutConnections: -1 }],
    [{ type: 'drained' }],
    [{ type: 'unknown' }],
    [{ type: 'request', seq: 1, call: { name: 'eval', code: 'x' } }],
    [{ type: 'listen', seq: 1, query: { ...query, port: 65_536 } }],
    [null],
    [undefined],
    ['ready'],
  ])('that is not one of ours is malformed: %j', (message) => {
    const unwrapped = unwrapForPrimary({ corral: 1, message });
    expect(unwrapped.kind).toBe('malformed');
    expect(unwrapped).toHaveProperty('why', expect.stringMatching(/./) as unknown);
  });
});

describe('what others send on the same channel', () => {
  it.each([
    [null],
    [undefined],
    ['ready'],
    ['shutdown'],
    [1],
    [[]],
    [{ type: 'ready' }],
    [{ cmd: 'NODE_CLUSTER', act: 'online' }],
    [{ type: 'process:msg', data: {} }],
    [{ message: { type: 'ready' } }],
    [Object.create({ corral: 1 }) as unknown],
  ])('is foreign: %j', (raw) => {
    expect(unwrapForPrimary(raw)).toEqual({ kind: 'foreign' });
    expect(unwrapForWorker(raw)).toEqual({ kind: 'foreign' });
  });
});

describe('whatever arrives', () => {
  const anyType = fc.constantFrom(...Object.keys(toPrimary), ...Object.keys(toWorker));
  const anyRaw = fc.oneof(
    fc.anything({ withNullPrototype: true, withBigInt: true, withTypedArray: true }),
    fc.record({ corral: fc.oneof(fc.constant(1), fc.anything()), message: fc.anything() }),
    fc.record({
      corral: fc.constant(1),
      message: fc
        .tuple(anyType, fc.object({ maxDepth: 2 }))
        .map(([type, fields]) => Object.assign(fields, { type })),
    }),
  );

  it('is told apart without throwing', () => {
    fc.assert(
      fc.property(anyRaw, (raw) => {
        for (const unwrap of [unwrapForPrimary, unwrapForWorker]) {
          const { kind } = unwrap(raw);
          const isOurs = typeof raw === 'object' && raw !== null && Object.hasOwn(raw, 'corral');
          expect(kind === 'foreign').toBe(!isOurs);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('is a message only with its fields in place', () => {
    const messages = Object.values(toPrimary)
      .flat()
      .filter((m) => Object.keys(m).length > 1);
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.nat(), fc.anything(), (message, at, value) => {
        // A target is a name or a number.
        const other = new Set(['type', 'address', 'target']);
        const keys = Object.keys(message).filter((key) => !other.has(key));
        const key = keys[at % keys.length] ?? '';
        const unwrapped = unwrapForPrimary({ corral: 1, message: { ...message, [key]: value } });
        if (unwrapped.kind !== 'message') return;
        // It was accepted: then the new value is of the old one's type.
        const before = (message as unknown as Record<string, unknown>)[key];
        expect(typeof value).toBe(typeof before);
      }),
      { numRuns: 1_000 },
    );
  });
});
