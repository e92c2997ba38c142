// Any process that runs the app: @fastify/session's store on core's sessions. Translates only.
import { createSessionStore } from '@corral/core';
import type { SessionHandle, SessionLike, SessionStoreOptions } from '@corral/core';
import type { SessionStore } from '@fastify/session';
import type { Session } from 'fastify';

export interface FastifySessionStore extends SessionStore {
  /** All sessions by their id. */
  all(): Promise<{ [sessionId: string]: Session }>;
  /** Reads every session to count it. */
  length(): Promise<number>;
  clear(): Promise<void>;
}

/**
 * @fastify/session copies what it loads, property by property, into an object of its own, and says
 * nowhere which object came of which load. So the handle travels as a property: under a name that no
 * app uses, and as nothing in JSON, by which @fastify/session tells whether a session has changed.
 */
const HANDLE = '@corral/session';

class HandleProperty {
  /** `regenerate(keys)` may copy the property into a session with another id, of which it says nothing. */
  readonly sessionId: string;
  readonly handle: SessionHandle;

  constructor(sessionId: string, handle: SessionHandle) {
    this.sessionId = sessionId;
    this.handle = handle;
  }

  toJSON(): undefined {
    return undefined;
  }
}

/**
 * The store alone; `sessionOptions()` has it, with safe defaults for the rest.
 *
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option
 */
export function createFastifySessionStore(options: SessionStoreOptions = {}): FastifySessionStore {
  const sessions = createSessionStore(options);
  /** Of sessions that were not loaded. */
  const handles = new WeakMap<object, SessionHandle>();

  const handleOf = (sessionId: string, session: object): SessionHandle => {
    const property: unknown = Reflect.get(session, HANDLE);
    if (property instanceof HandleProperty && property.sessionId === sessionId) {
      return property.handle;
    }
    const handle = handles.get(session) ?? sessions.createHandle();
    handles.set(session, handle);
    return handle;
  };

  const load = async (sessionId: string): Promise<Session | null> => {
    const loaded = await sessions.load(sessionId);
    if (loaded === undefined) return null;
    const property = new HandleProperty(sessionId, loaded.handle);
    return { ...loaded.data, [HANDLE]: property } as unknown as Session;
  };

  const save = async (sessionId: string, session: Session): Promise<void> => {
    // With `rolling`, every request saves; what has not changed needs no more than its time.
    await sessions.saveOrTouch(sessionId, withoutHandle(session), handleOf(sessionId, session));
  };

  return {
    get: (sessionId, callback) => answer(callback, async () => await load(sessionId)),
    set: (sessionId, session, callback) =>
      answer(callback, async () => await save(sessionId, session)),
    destroy: (sessionId, callback) =>
      answer(callback, async () => await sessions.destroy(sessionId)),
    async all() {
      const found: Array<readonly [string, Session]> = [];
      for await (const [sessionId, data] of sessions.entries()) {
        found.push([sessionId, data as unknown as Session]);
      }
      return Object.fromEntries(found);
    },
    length: async () => await sessions.count(),
    clear: async () => await sessions.clear(),
  };
}

function withoutHandle(session: Session): SessionLike {
  const own = Object.entries(session).filter(([property]) => property !== HANDLE);
  return Object.fromEntries(own) as unknown as SessionLike;
}

/** Outside of the promise, so that what a callback throws is the app's error and no failure of the store. */
function answer<T>(callback: (error: unknown, result?: T) => void, work: () => Promise<T>): void {
  void work().then(
    (result) => process.nextTick(() => callback(null, result)),
    (error: unknown) => process.nextTick(() => callback(error)),
  );
}
