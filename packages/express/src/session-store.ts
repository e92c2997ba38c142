// Any process that runs the app: express-session's Store on core's sessions. Translates only.
import { createSessionStore } from '@corral/core';
import type { SessionHandle, SessionStoreOptions } from '@corral/core';
import type { Request } from 'express';
import session from 'express-session';
import type { Session, SessionData } from 'express-session';

type Callback<T = void> = (error?: unknown, result?: T) => void;

/** express-session's store with all its optional members. */
export interface ExpressSessionStore extends session.Store {
  destroy(sid: string, callback?: Callback): void;
  touch(sid: string, session: SessionData, callback?: Callback): void;
  all(callback: (error: unknown, sessions?: { [sid: string]: SessionData }) => void): void;
  length(callback: (error: unknown, length?: number) => void): void;
  clear(callback?: Callback): void;
}

/**
 * The store alone; `sessionOptions()` has it, with safe defaults for the rest.
 *
 * @throws {CorralError} `INVALID_ARGUMENT` for a wrong option
 */
export function createExpressSessionStore(options: SessionStoreOptions = {}): ExpressSessionStore {
  const sessions = createSessionStore(options);
  /** Of the objects that requests work on: a request's own, so that none saves with another's version. */
  const handles = new WeakMap<object, SessionHandle>();

  const handleOf = (session: object): SessionHandle => {
    const handle = handles.get(session) ?? sessions.createHandle();
    handles.set(session, handle);
    return handle;
  };

  class Store extends session.Store implements ExpressSessionStore {
    get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
      answer(callback, async () => {
        const loaded = await sessions.load(sid);
        if (loaded === undefined) return null;
        handles.set(loaded.data, loaded.handle);
        return loaded.data as unknown as SessionData;
      });
    }

    // Here express-session makes of what get() gave the object that set() is given later.
    override createSession(request: Request, data: SessionData): Session & SessionData {
      const handle = handleOf(data);
      const created = super.createSession(request, data);
      handles.set(created, handle);
      return created;
    }

    set(sid: string, session: SessionData, callback?: Callback): void {
      answer(callback, async () => await sessions.save(sid, session, handleOf(session)));
    }

    override touch(sid: string, session: SessionData, callback?: Callback): void {
      answer(callback, async () => await sessions.touch(sid, session));
    }

    destroy(sid: string, callback?: Callback): void {
      answer(callback, async () => await sessions.destroy(sid));
    }

    override all(
      callback: (error: unknown, sessions?: { [sid: string]: SessionData }) => void,
    ): void {
      answer(callback, async () => {
        const found: Array<readonly [string, SessionData]> = [];
        for await (const [sid, data] of sessions.entries()) {
          found.push([sid, data as unknown as SessionData]);
        }
        return Object.fromEntries(found);
      });
    }

    override length(callback: (error: unknown, length?: number) => void): void {
      answer(callback, async () => await sessions.count());
    }

    override clear(callback?: Callback): void {
      answer(callback, async () => await sessions.clear());
    }
  }
  return new Store();
}

/** Outside of the promise, so that what a callback throws is the app's error and no failure of the store. */
function answer<T>(callback: Callback<T> | undefined, work: () => Promise<T>): void {
  void work().then(
    (result) => process.nextTick(() => callback?.(null, result)),
    (error: unknown) => process.nextTick(() => callback?.(error)),
  );
}
