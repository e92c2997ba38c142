// Any process that runs the app: what a session store takes; validated and defaulted once.
import { invalidArgument } from '../../errors.js';
import { stateNamespace } from '../cluster-state.js';
import { refuseUnknownOptions } from '../known-options.js';
import type { StateStore } from '../state-store.js';

export interface SessionStoreOptions {
  /** Where the sessions are kept. Default: the state of this process's cluster. */
  readonly state?: StateStore;
  /** The namespace of the sessions in the state. Default `sessions`. */
  readonly namespace?: string;
  /** How long a session is kept whose cookie has no end, in ms. Default one day. */
  readonly ttlMs?: number;
  /**
   * What a save does when another request has changed the session since this one loaded it:
   *
   * - `'merge'`: keeps the other's changes, property by property; where both have changed the same, this
   *   save wins. The default.
   * - `'last-write-wins'`: replaces the whole session, as stores without versions do.
   * - `'reject'`: fails with `SESSION_CONFLICT`.
   */
  readonly onConflict?: 'last-write-wins' | 'merge' | 'reject';
  /** How long it is remembered that a session was destroyed, in ms. Default 5 minutes. */
  readonly tombstoneMs?: number;
  /** The largest session, in bytes as serialized. Default 256 KiB. */
  readonly maxPayloadBytes?: number;
}

/** The names of {@link SessionStoreOptions}. */
export const SESSION_STORE_OPTIONS: readonly string[] = [
  'state',
  'namespace',
  'ttlMs',
  'onConflict',
  'tombstoneMs',
  'maxPayloadBytes',
];

const POLICIES: readonly unknown[] = ['last-write-wins', 'merge', 'reject'];

export type ResolvedSessionStoreOptions = Required<
  Omit<SessionStoreOptions, 'state' | 'namespace'>
> & { readonly sessions: () => StateStore };

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function resolveSessionStoreOptions(
  options: SessionStoreOptions,
): ResolvedSessionStoreOptions {
  const call = 'createSessionStore()';
  refuseUnknownOptions(options, SESSION_STORE_OPTIONS, call);
  const {
    state,
    namespace = 'sessions',
    ttlMs = 24 * 60 * 60 * 1_000,
    onConflict = 'merge',
    tombstoneMs = 5 * 60 * 1_000,
    maxPayloadBytes = 256 * 1_024,
  } = options;
  const check = (option: string, value: unknown, isFine: boolean, expected: string): void => {
    if (!isFine) throw invalidArgument(`${call}, options.${option}`, value, expected);
  };
  const isStore = state === undefined || typeof state?.compareAndSet === 'function';
  check('state', state, isStore, 'a StateStore, or nothing');
  check('namespace', namespace, typeof namespace === 'string' && namespace !== '', 'a name');
  check('onConflict', onConflict, POLICIES.includes(onConflict), `one of ${POLICIES.join(', ')}`);
  for (const [option, value] of Object.entries({ ttlMs, tombstoneMs, maxPayloadBytes })) {
    check(option, value, Number.isSafeInteger(value) && value >= 1, 'a whole number, at least 1');
  }
  return Object.freeze({
    sessions: stateNamespace(state, namespace),
    ttlMs,
    onConflict,
    tombstoneMs,
    maxPayloadBytes,
  });
}
