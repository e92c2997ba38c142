// Both sides: the envelope that marks our messages among others' on the channel, and their validation.
import * as z from '../zod.js';
import type { ClusterEventName, ClusterEvents } from '../cluster.js';
import type { ToPrimary, ToWorker } from './messages.js';
import { offloadStatus } from './offload-status.js';
import { MAX_MESSAGE_BYTES } from './limits.js';
import { MAX_TIMER_MS } from '../values/timer-ms.js';

/**
 * The version of these messages. During a reload, processes of two releases can talk to each other:
 * add optional fields and new types freely, but raise the version for anything an older side would
 * misread.
 */
const PROTOCOL_VERSION = 1;

/** A message in its envelope: the key says that it is ours, its value which version. */
export interface Envelope<M> {
  readonly corral: number;
  readonly message: M;
}

export function wrap<M extends ToPrimary | ToWorker>(message: M): Envelope<M> {
  return { corral: PROTOCOL_VERSION, message };
}

export type Unwrapped<M> =
  | { readonly kind: 'message'; readonly message: M }
  /** Somebody else's (PM2, socket.io, prom-client, the app's own): leave it alone. */
  | { readonly kind: 'foreign' }
  /** Bears our name but is not one of our messages. */
  | { readonly kind: 'malformed'; readonly why: string };

export function unwrapForPrimary(raw: unknown): Unwrapped<ToPrimary> {
  return unwrap(raw, toPrimary);
}

export function unwrapForWorker(raw: unknown): Unwrapped<ToWorker> {
  return unwrap(raw, toWorker);
}

function unwrap<M>(raw: unknown, schema: z.ZodType<M>): Unwrapped<M> {
  if (typeof raw !== 'object' || raw === null || !Object.hasOwn(raw, 'corral')) {
    return { kind: 'foreign' };
  }
  const { corral, message } = raw as Partial<Envelope<unknown>>;
  if (corral !== PROTOCOL_VERSION) {
    return {
      kind: 'malformed',
      why: `protocol version ${typeof corral === 'number' ? corral : typeof corral}, not ${PROTOCOL_VERSION}`,
    };
  }
  const parsed = schema.safeParse(message);
  return parsed.success
    ? { kind: 'message', message: parsed.data }
    : { kind: 'malformed', why: z.prettifyError(parsed.error) };
}

const timerMs = z.number().min(1).max(MAX_TIMER_MS);

const count = z.int().min(0);
const errorInfo = z.object({
  name: z.string(),
  message: z.string(),
  code: z.string().exactOptional(),
  stack: z.string().exactOptional(),
});

const sample = z.object({
  rssBytes: z.number(),
  heapUsedBytes: z.number(),
  heapTotalBytes: z.number(),
  heapUsedRatio: z.number(),
  externalBytes: z.number(),
  cpuRatio: z.number(),
  eventLoopUtilizationRatio: z.number(),
  eventLoopDelayMeanMs: z.number(),
  eventLoopDelayP99Ms: z.number(),
});

const primaryCall = z.discriminatedUnion('name', [
  z.object({ name: z.literal('status') }),
  z.object({
    name: z.literal('reload'),
    options: z.object({ concurrency: z.number().exactOptional() }),
  }),
  z.object({
    name: z.literal('upgrade'),
    options: z.object({ execPath: z.string().exactOptional() }),
  }),
  z.object({ name: z.literal('scale'), workers: z.number() }),
  z.object({ name: z.literal('shutdown'), reason: z.string() }),
  z.object({ name: z.literal('config') }),
  z.object({
    name: z.literal('updateConfig'),
    kind: z.enum(['patch', 'whole']),
    text: z.string(),
    expectedVersion: count.exactOptional(),
    timeoutMs: timerMs,
  }),
]);

const bytes = z.instanceof(Uint8Array);
/** Of a process that does not check it itself, such as one of another release. */
const payload = bytes.refine(
  ({ length }) => length <= MAX_MESSAGE_BYTES,
  `at most ${MAX_MESSAGE_BYTES} bytes`,
);
const outcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error: errorInfo,
    details: z.unknown(),
    isResponders: z.literal(true).exactOptional(),
  }),
]);
const answer = z.object({ type: z.literal('answer'), seq: count, outcome });

const list = z.custom<readonly unknown[]>(Array.isArray);

const toPrimary: z.ZodType<ToPrimary> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello') }),
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('waitingForChecks'), checks: z.array(z.string()) }),
  z.object({
    type: z.literal('bootFailed'),
    error: errorInfo,
    address: z.string().exactOptional(),
  }),
  z.object({ type: z.literal('failing'), error: errorInfo }),
  z.object({
    type: z.literal('heartbeat'),
    sample,
    connections: count,
    requests: count,
    debugged: z.boolean(),
    malformedMessages: count.exactOptional(),
    offload: offloadStatus.exactOptional(),
  }),
  z.object({ type: z.literal('terminated') }),
  z.object({ type: z.literal('drained'), cutConnections: count }),
  z.object({ type: z.literal('listenForEvents') }),
  z.object({ type: z.literal('wantThreads') }),
  z.object({ type: z.literal('request'), seq: count, call: primaryCall }),
  z.object({
    type: z.literal('listen'),
    seq: count,
    query: z.object({
      address: z.string().nullable(),
      port: z.int().min(-1).max(65_535),
      addressType: z.union([z.literal(4), z.literal(6), z.literal(-1)]),
      flags: count,
      index: count,
      ticketKeys: z.instanceof(Uint8Array).exactOptional(),
    }),
  }),
  z.object({ type: z.literal('unlisten'), key: z.string(), isDraining: z.boolean() }),
  z.object({
    type: z.literal('connectionReply'),
    key: z.string(),
    seq: count,
    accepted: z.boolean(),
  }),
  z.object({ type: z.literal('connectionLost'), key: z.string(), seq: count }),
  z.object({ type: z.literal('grantLost'), key: z.string(), slot: count }),
  z.object({ type: z.literal('connections'), connections: count }),
  z.object({
    type: z.literal('interest'),
    kind: z.enum(['topic', 'request']),
    name: z.string(),
    isWanted: z.boolean(),
  }),
  z.object({ type: z.literal('publish'), topic: z.string(), data: payload }),
  z.object({
    type: z.literal('ask'),
    seq: count,
    target: z.union([z.enum(['primary', 'any']), count]),
    name: z.string(),
    data: payload,
    timeoutMs: timerMs,
  }),
  answer,
  z.object({
    type: z.literal('configAnswer'),
    version: count,
    error: errorInfo.exactOptional(),
  }),
  // Checked where it is decoded: this is the busiest message of all.
  z.object({ type: z.literal('state'), seq: count, operations: list }),
]);

const toWorker: z.ZodType<ToWorker> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('drain'), reason: z.string(), keepAccepting: z.boolean() }),
  z.object({ type: z.literal('hurry') }),
  z.object({ type: z.literal('markReady') }),
  z.object({ type: z.literal('threadGrant'), threads: z.int().min(1) }),
  z.object({
    type: z.literal('event'),
    // Made by the primary's own emitter: checked for being events at all, not field by field.
    name: z.custom<ClusterEventName>((name) => typeof name === 'string'),
    event: z.custom<ClusterEvents[ClusterEventName]>((event) => typeof event === 'object'),
  }),
  z.object({
    type: z.literal('listenReply'),
    seq: count,
    outcome: z.discriminatedUnion('ok', [
      z.object({
        ok: z.literal(true),
        key: z.string(),
        keepsClients: z.boolean(),
        bound: z.object({ address: z.string(), family: z.string(), port: count }).exactOptional(),
        ticketKeys: z.instanceof(Uint8Array).exactOptional(),
      }),
      z.object({ ok: z.literal(false), errno: z.int() }),
    ]),
  }),
  z.object({ type: z.literal('grant'), key: z.string(), slot: count }),
  z.object({ type: z.literal('revoke'), key: z.string(), slot: count }),
  z.object({ type: z.literal('unlistened'), key: z.string() }),
  z.object({ type: z.literal('connection'), seq: count, key: z.string() }),
  z.object({
    type: z.literal('reply'),
    seq: count,
    outcome,
  }),
  z.object({ type: z.literal('config'), version: count, text: z.string(), timeoutMs: timerMs }),
  z.object({ type: z.literal('published'), topic: z.string(), data: bytes, from: count }),
  z.object({ type: z.literal('ask'), seq: count, name: z.string(), data: bytes, from: count }),
  answer,
  z.object({
    type: z.literal('stateAnswer'),
    seq: count,
    results: list,
    failed: list,
    count,
  }),
  z.object({
    type: z.literal('statePublished'),
    channel: z.string(),
    data: z.union([z.string(), z.number(), bytes]),
  }),
]);
