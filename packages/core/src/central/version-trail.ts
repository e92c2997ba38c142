// Primary or single process: the newest versions of the configuration, and which of them nobody has refused, so
// that whoever takes one back does not go back to another that was refused, too.

/** A process answers late by a few versions; each can be as large as a configuration may be. */
const KEPT_VERSIONS = 8;

interface Numbered {
  readonly version: number;
}

export interface VersionTrail<V extends Numbered> {
  add(version: V): void;
  /** Nobody goes back to that one. */
  refuse(version: number): void;
  /** The last one before the newest that nobody has refused, if it is still known. */
  readonly target: V | undefined;
  /** Forgets all of them: there have been others between those and the next. */
  clear(): void;
}

export function createVersionTrail<V extends Numbered>(): VersionTrail<V> {
  let newest: V | undefined;
  let targets: readonly V[] = [];
  let isNewestRefused = false;
  return {
    add(version) {
      if (newest !== undefined && !isNewestRefused) {
        targets = [...targets, newest].slice(-KEPT_VERSIONS);
      }
      isNewestRefused = false;
      newest = version;
    },
    refuse(version) {
      if (version === newest?.version) isNewestRefused = true;
      targets = targets.filter((each) => each.version !== version);
    },
    get target() {
      return targets.at(-1);
    },
    clear() {
      newest = undefined;
      targets = [];
    },
  };
}
