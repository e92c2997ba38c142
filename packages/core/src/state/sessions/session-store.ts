// Any process that runs the app: sessions on the shared state, for any framework. The adapters translate.
import { sessionConflict, sessionTooLarge, sessionUnavailable } from '../../errors.js';
import { encodedState } from '../encoded-state.js';
import type { EncodedState } from '../encoded-state.js';
import type { BackendEntry } from '../state-backend.js';
import type { StateStore } from '../state-store.js';
import { sizeOfData } from '../value-codec.js';
import { sessionTtlMs } from './session-cookie.js';
import {
  decodeSession,
  encodeSession,
  isSession,
  isStored,
  plainSession,
  restoredSession,
} from './session-data.js';
import type { SessionData, SessionLike, StoredSession } from './session-data.js';
import { mergeSessions } from './session-merge.js';
import { resolveSessionStoreOptions } from './session-store-options.js';
import type { SessionStoreOptions } from './session-store-options.js';

/**
 * What one request knows of a session: which version it has seen. Every loaded or new session has a
 * handle of its own, so that requests of one session in one process do not mix theirs up.
 */
export interface SessionHandle {
  /** Of what is in the state, if nobody has changed it since; 0 for a session that is new. */
  version: number;
  /** What the request's own changes are told from, as it was loaded or saved. */
  base: StoredSession | undefined;
  /** The save that runs: the next one begins when it has ended, and with the version it made. */
  saving: Promise<unknown>;
}

export interface LoadedSession {
  readonly data: SessionData;
  readonly handle: SessionHandle;
}

/** Sessions by their id. All members reject with `SESSION_UNAVAILABLE` while the state cannot be reached. */
export interface SessionStore {
  /** Undefined for what is not there, has expired or was destroyed. */
  load(id: string): Promise<LoadedSession | undefined>;
  /** For a session that was not loaded. */
  createHandle(): SessionHandle;
  /**
   * Stores the session for as long as its cookie says. One step on the state, unless somebody else has
   * changed the session since it was loaded; what happens then is the option `onConflict`. A session that
   * was destroyed meanwhile stays destroyed.
   *
   * @throws {CorralError} `SESSION_CONFLICT`, `SESSION_TOO_LARGE`, `STATE_VALUE_UNSUPPORTED`
   */
  save(id: string, session: SessionLike, handle: SessionHandle): Promise<void>;
  /**
   * For frameworks that save with every request: saves, or only touches what is in no way different from
   * what was loaded or saved with this handle.
   */
  saveOrTouch(id: string, session: SessionLike, handle: SessionHandle): Promise<void>;
  /** Changes only how long the session lives, to what its cookie says. */
  touch(id: string, session: SessionLike): Promise<void>;
  destroy(id: string): Promise<void>;
  /** All sessions, read while it is iterated. */
  entries(): AsyncIterableIterator<readonly [id: string, data: SessionData]>;
  /** Reads every session to count it: for tools, not for requests. */
  count(): Promise<number>;
  /** Forgets all sessions, and which were destroyed. */
  clear(): Promise<void>;
}

/**
 * What stays in place of a destroyed session. With its version, no save of a request that loaded the
 * session before fits any more; as a value, it also refuses those that know no version.
 */
const TOMBSTONE = null;

/** Others would have to come between as often in a row: by then it is no conflict but a fault. */
const MAX_ATTEMPTS = 20;

/** @throws {CorralError} `INVALID_ARGUMENT` for a wrong option */
export function createSessionStore(given: SessionStoreOptions = {}): SessionStore {
  const options = resolveSessionStoreOptions(given);
  const { sessions: state, onConflict, ttlMs, tombstoneMs, maxPayloadBytes } = options;

  const encodedSessions = (): EncodedState => encodedState(state());

  const destroy = async (id: string): Promise<void> => {
    await state().set(id, TOMBSTONE, { ttlMs: tombstoneMs });
  };

  const store = async (
    id: string,
    mine: SessionData,
    handle: SessionHandle,
    lifeMs: number,
  ): Promise<void> => {
    const encoded = encodeSession(mine);
    const sizeBytes = sizeOfData(encoded.data);
    if (sizeBytes > maxPayloadBytes) throw sessionTooLarge(sizeBytes, maxPayloadBytes);
    let { data } = encoded;
    let { version } = handle;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const result = await encodedSessions().compareAndSet(id, version, data, { ttlMs: lifeMs });
      if (result.ok) {
        // After a merge the state has more than the request: the next save has to merge again.
        if (data === encoded.data) handle.version = result.version;
        handle.base = encoded;
        return;
      }
      if (onConflict === 'reject') throw sessionConflict();
      const { current } = result;
      const theirs = current && decodeSession(current.data);
      // What was loaded and is no longer there has expired, or was destroyed long ago.
      const isGone = current === undefined ? version !== 0 : theirs === undefined;
      if (isGone) return;
      version = current?.version ?? 0;
      if (onConflict === 'merge' && theirs !== undefined) {
        const base = handle.base && decodeSession(handle.base.data);
        ({ data } = encodeSession(mergeSessions(base, mine, theirs)));
      }
    }
    throw sessionConflict();
  };

  const save = async (id: string, session: SessionLike, handle: SessionHandle): Promise<void> => {
    const lifeMs = sessionTtlMs(session.cookie, ttlMs, Date.now());
    if (lifeMs > 0) await store(id, plainSession(session), handle, lifeMs);
    else await destroy(id);
  };

  const touch = async (id: string, session: SessionLike): Promise<void> => {
    const lifeMs = sessionTtlMs(session.cookie, ttlMs, Date.now());
    // A tombstone is touched as well: it is small, and only lives on.
    if (lifeMs > 0) await state().touch(id, { ttlMs: lifeMs });
    else await destroy(id);
  };

  /** After the handle's earlier saves, of which each makes the version that the next one begins with. */
  const inTurn = async (handle: SessionHandle, work: () => Promise<void>): Promise<void> => {
    const done = handle.saving.then(work);
    handle.saving = done.catch(() => undefined);
    await reachable(async () => await done);
  };

  return {
    async load(id) {
      // Every request waits for this: no promise that is not needed.
      let entry: BackendEntry | undefined;
      try {
        entry = await encodedSessions().getEntry(id);
      } catch (error) {
        throw reported(error);
      }
      const stored = entry && decodeSession(entry.data);
      if (entry === undefined || stored === undefined) return undefined;
      const { data, version, expiresInMs } = entry;
      return {
        data: restoredSession(stored, expiresInMs, Date.now()),
        handle: createHandle(version, { data, expires: stored.cookie.expires }),
      };
    },
    createHandle: () => createHandle(0, undefined),
    save: async (id, session, handle) =>
      await inTurn(handle, async () => await save(id, session, handle)),
    saveOrTouch: async (id, session, handle) =>
      await inTurn(handle, async () => {
        const isUnchanged =
          handle.base !== undefined && isStored(plainSession(session), handle.base);
        await (isUnchanged ? touch(id, session) : save(id, session, handle));
      }),
    touch: async (id, session) => await reachable(async () => await touch(id, session)),
    destroy: async (id) => await reachable(async () => await destroy(id)),
    entries: () => sessionsIn(state()),
    count: async () =>
      await reachable(async () => {
        let count = 0;
        for await (const _ of sessionsIn(state())) count += 1;
        return count;
      }),
    clear: async () => await reachable(async () => void (await state().clear())),
  };
}

function createHandle(version: number, base: StoredSession | undefined): SessionHandle {
  return { version, base, saving: Promise.resolve() };
}

async function* sessionsIn(
  state: StateStore,
): AsyncGenerator<readonly [id: string, data: SessionData], void> {
  try {
    for await (const [id, value] of state.entries()) if (isSession(value)) yield [id, value];
  } catch (error) {
    throw reported(error);
  }
}

async function reachable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw reported(error);
  }
}

const UNREACHABLE: ReadonlySet<unknown> = new Set([
  'STATE_UNAVAILABLE',
  'STATE_CLOSED',
  'STATE_FULL',
]);

/** Without its session a request must not go on as if nobody were logged in: it fails, with a 503. */
function reported(error: unknown): unknown {
  return error instanceof Error && UNREACHABLE.has(Reflect.get(error, 'code'))
    ? sessionUnavailable(error)
    : error;
}
