// Primary or single process: versions of the configuration that several clusters share, in a state store. What
// the store has is the truth; messages only say that there is something new, and are not relied on.
import { isEqual } from '../config/json-value.js';
import type { Json } from '../config/json-value.js';
import { toErrorInfo } from '../error-info.js';
import { configInvalid, configUnavailable, CorralError } from '../errors.js';
import type { CorralErrorCode } from '../errors.js';
import type { Logger } from '../logger.js';
import type { StateStore } from '../state/state-store.js';
import type { ConfigChange, ConfigVersion, ConfigVersions } from './config-versions.js';
import { readRecord, reconcile, succeeding } from './shared-record.js';
import type { SharedRecord } from './shared-record.js';
import { createVersionTrail } from './version-trail.js';

const KEY = 'current';
const CHANNEL = 'changed';
/** How often it is looked whether the store answers, and has something that no message told. */
const POLL_MS = 1_000;

/** What this needs of a store, in a namespace of its own. */
export type SharedStore = Pick<StateStore, 'getEntry' | 'compareAndSet' | 'publish' | 'subscribe'>;

export interface SharedVersions extends ConfigVersions {
  /**
   * Reads the newest version, and puts right what the store lacks.
   *
   * @returns undefined when the store cannot be reached
   * @throws {CorralError} `CONFIG_INVALID`, `CONFIG_UNAVAILABLE`, `STATE_VALUE_TOO_LARGE`
   */
  begin(): Promise<ConfigVersion | undefined>;
  /** Calls back with the newest version whenever it was read, one call after another. */
  follow(onNewest: (newest: ConfigVersion) => Promise<void>): void;
  readonly isReachable: boolean;
  /** Why this process may not have the newest version. */
  readonly problem: string | undefined;
  /** Idempotent. */
  close(): void;
}

export interface SharedVersionsParts {
  readonly store: SharedStore;
  /** What code and file say. */
  readonly base: Json;
  /** Throws when this process cannot work with what it is about to put into the store. */
  readonly accept: (value: Json) => void;
  readonly logger: Logger;
}

/** A record, and what compare-and-set needs to know of it; 0: there is none. */
interface Stored {
  readonly record: SharedRecord | undefined;
  readonly entryVersion: number;
}

export function createSharedVersions(parts: SharedVersionsParts): SharedVersions {
  const { store, base, accept, logger } = parts;
  let newest: SharedRecord | undefined;
  const trail = createVersionTrail<SharedRecord>();
  let entryVersion = 0;
  let isReachable = false;
  /** How often the store was lost: what was asked before says nothing about the time after. */
  let losses = 0;
  /** Why what the store has is not in force here. */
  let unfit: string | undefined;

  const learn = (record: SharedRecord, recordEntryVersion: number): void => {
    // Answers may overtake each other.
    if (newest !== undefined && record.version < newest.version) return;
    entryVersion = recordEntryVersion;
    if (newest?.version === record.version) return;
    // What came between was not seen here: nobody goes back beyond it.
    if (record.version - 1 !== newest?.version) trail.clear();
    trail.add(record);
    newest = record;
  };

  const load = async (): Promise<Stored> => {
    const entry = await store.getEntry(KEY);
    if (entry === undefined) return { record: undefined, entryVersion: 0 };
    const record = readRecord(entry.value);
    if (record === undefined) throw configUnavailable('what is in the store is no configuration');
    return { record, entryVersion: entry.version };
  };

  /** @returns whether nobody was faster */
  const put = async (record: SharedRecord, expectedEntryVersion: number): Promise<boolean> => {
    const result = await store.compareAndSet(KEY, expectedEntryVersion, record);
    if (!result.ok) return false;
    learn(record, result.version);
    // Who does not hear it reads it at the next poll.
    store.publish(CHANNEL, record.version).catch(() => undefined);
    return true;
  };

  const read = async (): Promise<SharedRecord> => {
    for (;;) {
      const lossesBefore = losses;
      const stored = await load();
      if (losses === lossesBefore) onFound();
      const missing = reconcile(stored.record, newest, base);
      if (missing === undefined) {
        const record = stored.record as SharedRecord;
        learn(record, stored.entryVersion);
        return record;
      }
      accept(missing.value);
      await put(missing, stored.entryVersion);
    }
  };

  /** @returns what was put; undefined: somebody was faster */
  const change = async (
    next: (newest: SharedRecord) => SharedRecord,
  ): Promise<SharedRecord | undefined> => {
    // Whoever waits behind one that has waited in vain need not do so, too.
    if (!isReachable || newest === undefined) throw configUnavailable(problem() ?? unreachable());
    try {
      const record = next(newest);
      if (await put(record, entryVersion)) return record;
      await read();
      return undefined;
    } catch (error) {
      if (isCoded(error, 'STATE_VALUE_TOO_LARGE')) {
        throw configInvalid('what clusters share', [{ path: '', message: error.message }]);
      }
      if (!isUnavailable(error)) throw error;
      onLost(error);
      const details = error.details as { readonly mayHaveBeenExecuted?: boolean } | undefined;
      const mayHaveBeenExecuted = details?.mayHaveBeenExecuted === true;
      throw configUnavailable(error.message, error, { mayHaveBeenExecuted });
    }
  };

  const unreachable = (): string => {
    const held = newest === undefined ? 'its own sources' : `version ${newest.version}`;
    return `the store of the shared configuration cannot be reached, this cluster goes on with ${held}`;
  };
  const problem = (): string | undefined => (isReachable ? unfit : unreachable());
  const onLost = (error: unknown): void => {
    if (isReachable || losses === 0) {
      logger.warn(`${unreachable()}: ${toErrorInfo(error).message}`);
    }
    isReachable = false;
    losses += 1;
  };
  const onFound = (): void => {
    if (!isReachable && losses > 0) {
      logger.info('the store of the shared configuration can be reached again');
    }
    isReachable = true;
  };

  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let wantsLook = false;
  let isClosed = false;
  let unsubscribe: (() => Promise<void>) | undefined;

  const look = async (onNewest: (newest: ConfigVersion) => Promise<void>): Promise<void> => {
    try {
      unsubscribe ??= await store.subscribe(CHANNEL, () => wake(), { onGap: () => wake() });
      await onNewest(await read());
      unfit = undefined;
    } catch (error) {
      if (isClosed || isCoded(error, 'STATE_CLOSED')) return;
      if (isUnavailable(error)) {
        onLost(error);
        return;
      }
      const { message } = toErrorInfo(error);
      if (unfit !== message) logger.error(message);
      unfit = message;
    }
  };
  /** Looks now; once more when somebody asks meanwhile. */
  let wake = (): void => undefined;

  return {
    get isReachable() {
      return isReachable;
    },
    get problem() {
      return problem();
    },
    async begin() {
      try {
        return await read();
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        onLost(error);
        return undefined;
      }
    },
    async commit(wanted) {
      // What was read already may not be in force yet.
      if (newest !== undefined && newest.version !== wanted.version)
        return { isOurs: false, newest };
      if (newest !== undefined && changesNothing(wanted, newest)) return { isOurs: true, newest };
      const ours = await change((record) => succeeding(record, wanted));
      return { isOurs: ours !== undefined, newest: ours ?? (newest as SharedRecord) };
    },
    refuse: trail.refuse,
    async undo(version) {
      const { target } = trail;
      const isPossible = newest?.version === version && newest.undoes === undefined;
      if (!isPossible || target === undefined) return undefined;
      const { value, base } = target;
      const ours = await change(() => ({ version: version + 1, value, base, undoes: version }));
      return ours && { newest: ours, backTo: target.version };
    },
    follow(onNewest) {
      wake = () => {
        if (isClosed) return;
        wantsLook = true;
        looking ??= (async () => {
          while (wantsLook && !isClosed) {
            wantsLook = false;
            await look(onNewest);
          }
          looking = undefined;
        })();
      };
      timer = setInterval(() => wake(), POLL_MS).unref();
      wake();
    },
    close() {
      isClosed = true;
      clearInterval(timer);
      void unsubscribe?.().catch(() => undefined);
    },
  };
}

function changesNothing({ from, to, base }: ConfigChange, newest: SharedRecord): boolean {
  return isEqual(from, to) && (base === undefined || isEqual(base, newest.base));
}

function isUnavailable(error: unknown): error is CorralError {
  return isCoded(error, 'STATE_UNAVAILABLE') || isCoded(error, 'STATE_FULL');
}

function isCoded(error: unknown, code: CorralErrorCode): error is CorralError {
  return error instanceof CorralError && error.code === code;
}
