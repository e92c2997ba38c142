// Primary or single process: where a version of the configuration becomes the newest one: by counting, in a
// cluster that has its configuration for itself.
import { isEqual } from '../config/json-value.js';
import type { Json } from '../config/json-value.js';
import { createVersionTrail } from './version-trail.js';

/** A version, before this machine's environment and schema have their say. */
export interface ConfigVersion {
  readonly version: number;
  readonly value: Json;
  /** The version that this one takes back. Nobody takes back such a one: clusters would do it in turns for ever. */
  readonly undoes?: number;
}

export interface ConfigChange {
  /** The version that is changed. */
  readonly version: number;
  /** What it is where the change was made. */
  readonly from: Json;
  readonly to: Json;
  /** What code and file say now, when it is they that have changed. */
  readonly base?: Json;
  /** The version there is then is at least this; of a cluster alone. */
  readonly minVersion?: number;
}

export interface ConfigVersions {
  /**
   * Makes a change the newest version.
   *
   * @returns the newest version: the one so far when nothing changes, and somebody else's when they were faster
   * @throws {CorralError} `CONFIG_UNAVAILABLE`
   */
  commit(
    change: ConfigChange,
  ): Promise<{ readonly isOurs: boolean; readonly newest: ConfigVersion }>;
  /** A process refuses it: no `undo()` goes back to it. */
  refuse(version: number): void;
  /**
   * Makes a version with the content of the last one before the newest that was not refused.
   *
   * @param version which is to be the newest one
   * @returns undefined when it cannot be taken back, for there is a newer one already, or what was before it
   *   is not known, or it takes back one itself
   * @throws {CorralError} `CONFIG_UNAVAILABLE`
   */
  undo(version: number): Promise<Undone | undefined>;
}

export interface Undone {
  /** The version that takes back. */
  readonly newest: ConfigVersion;
  /** The version whose content it has. */
  readonly backTo: number;
}

/** Of one cluster alone. */
export function countVersions(initial: ConfigVersion): ConfigVersions {
  const trail = createVersionTrail<ConfigVersion>();
  let newest = initial;
  trail.add(initial);
  const add = (next: Omit<ConfigVersion, 'version'>, minVersion = 0): ConfigVersion => {
    newest = { version: Math.max(newest.version + 1, minVersion), ...next };
    trail.add(newest);
    return newest;
  };
  return {
    commit: async ({ from, to, minVersion = 0 }) =>
      await Promise.resolve({
        isOurs: true,
        newest:
          isEqual(from, to) && newest.version >= minVersion
            ? newest
            : add({ value: to }, minVersion),
      }),
    refuse: trail.refuse,
    undo: async (version) => {
      const { target } = trail;
      return await Promise.resolve(
        version !== newest.version || target === undefined || newest.undoes !== undefined
          ? undefined
          : { newest: add({ value: target.value, undoes: version }), backTo: target.version },
      );
    },
  };
}
