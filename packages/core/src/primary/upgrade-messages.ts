// Primary: what the two primaries of an upgrade say to each other.
import type { InheritedConfig } from '../config/inherited-config.js';
import type { StateAnswer, StateBatch } from '../state/call-batches.js';
import type { EngineRecords } from '../state/memory-engine.js';
import type { StateData } from '../state/state-backend.js';
import * as z from '../zod.js';

export type UpgradeMessage =
  // ── the successor, while it starts ──
  /** Its program runs, and it asks what there is. The answer is `welcome`. */
  | { readonly type: 'hello' }
  /** Its workers are ready. `wantsState`: it has an embedded store for what the predecessor has. */
  | { readonly type: 'ready'; readonly wantsState: boolean }
  // ── the predecessor ──
  | { readonly type: 'welcome'; readonly hasState: boolean; readonly config?: InheritedConfig }
  /** Everything is the successor's now. `config` is what it has become since `welcome`. */
  | { readonly type: 'yours'; readonly config?: InheritedConfig }
  /** What can belong to only one process (the admin port) is free now. */
  | { readonly type: 'released' }
  // ── the state on its way: hold, held, then chunk and arrived for as long as there are some ──
  /** Keep your calls back; answered with `held` when none is on its way. */
  | { readonly type: 'hold' }
  | { readonly type: 'held' }
  /** A part of the state, see state/engine-chunks.ts. */
  | { readonly type: 'chunk'; readonly records: EngineRecords }
  | { readonly type: 'arrived' }
  // ── both: the calls of the one to the other, whoever has the state at the moment ──
  | ({ readonly type: 'state' } & StateBatch)
  | ({ readonly type: 'stateAnswer' } & StateAnswer)
  | {
      readonly type: 'statePublished';
      readonly channel: string;
      readonly data: StateData | number;
    };

export type UpgradeMessageType = UpgradeMessage['type'];
export type UpgradeMessageOf<T extends UpgradeMessageType> = Extract<
  UpgradeMessage,
  { readonly type: T }
>;

/** Raise it for anything that an older side would misread; optional fields and new types need no other. */
const VERSION = 1;
const KEY = 'corralUpgrade';

const count = z.int().min(0);
const list = z.custom<readonly never[]>(Array.isArray);
const config = z.object({ version: count, base: z.string(), current: z.string() }).exactOptional();

const schema: z.ZodType<UpgradeMessage> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello') }),
  z.object({ type: z.literal('ready'), wantsState: z.boolean() }),
  z.object({ type: z.literal('welcome'), hasState: z.boolean(), config }),
  z.object({ type: z.literal('yours'), config }),
  z.object({ type: z.literal('released') }),
  z.object({ type: z.literal('hold') }),
  z.object({ type: z.literal('held') }),
  z.object({
    type: z.literal('chunk'),
    records: z.object({ lastVersion: count, entries: list, leases: list }),
  }),
  z.object({ type: z.literal('arrived') }),
  z.object({ type: z.literal('state'), seq: count, operations: list }),
  z.object({ type: z.literal('stateAnswer'), seq: count, results: list, failed: list, count }),
  z.object({
    type: z.literal('statePublished'),
    channel: z.string(),
    data: z.union([z.string(), z.number(), z.instanceof(Uint8Array)]),
  }),
]);

export function wrapForUpgrade(message: UpgradeMessage): object {
  return { [KEY]: VERSION, message };
}

/** @returns undefined: somebody else's; a text: why it is none, although it bears our name */
export function unwrapForUpgrade(raw: unknown): UpgradeMessage | string | undefined {
  if (typeof raw !== 'object' || raw === null || !Object.hasOwn(raw, KEY)) return undefined;
  const version: unknown = Reflect.get(raw, KEY);
  if (version !== VERSION) return `version ${String(version)}, not ${VERSION}`;
  const parsed = schema.safeParse(Reflect.get(raw, 'message'));
  return parsed.success ? parsed.data : z.prettifyError(parsed.error);
}
