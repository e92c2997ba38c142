// Primary or single process: what is kept of a configuration in a store that several clusters share, and what
// to do when store and process differ. Pure.
import { isEqual, isJsonObject, rebase } from '../config/json-value.js';
import type { Json } from '../config/json-value.js';
import type { ConfigChange, ConfigVersion } from './config-versions.js';

export interface SharedRecord extends ConfigVersion {
  /** What code and file said when they last changed something: what is new in them since is found by it. */
  readonly base: Json;
}

/** Undefined: it is none of ours. */
export function readRecord(stored: unknown): SharedRecord | undefined {
  if (!isJsonObject(stored)) return undefined;
  const { version, value, base, undoes } = stored;
  const isRecord =
    Number.isSafeInteger(version) &&
    value !== undefined &&
    base !== undefined &&
    Number(version) > 0;
  if (!isRecord) return undefined;
  return {
    version: Number(version),
    value,
    base,
    ...(typeof undoes === 'number' ? { undoes } : {}),
  };
}

/**
 * The next version. Only what has changed is changed in it: defaults of one machine's schema and what its
 * environment sets are not for the others.
 */
export function succeeding(
  record: SharedRecord,
  { from, to, base }: Omit<ConfigChange, 'version'>,
): SharedRecord {
  return {
    version: record.version + 1,
    value: rebase(record.value, from, to),
    base: base ?? record.base,
  };
}

/**
 * What has to be put into the store; undefined: what is there already is right.
 *
 * @param known the newest version as this process knows it; undefined: it has not seen the store yet
 * @param base what its code and file say
 */
export function reconcile(
  stored: SharedRecord | undefined,
  known: SharedRecord | undefined,
  base: Json,
): SharedRecord | undefined {
  if (stored === undefined) return known ?? { version: 1, value: base, base };
  if (known === undefined) {
    // A new release, or a file that was changed while nobody looked.
    return isEqual(stored.base, base)
      ? undefined
      : succeeding(stored, { from: stored.base, to: base, base });
  }
  // The store has lost something, in a fail-over say.
  if (stored.version < known.version) return known;
  const isOther = stored.version === known.version && !isEqual(stored.value, known.value);
  // Two have the same number. Processes take only higher ones.
  return isOther ? { ...stored, version: stored.version + 1 } : undefined;
}
