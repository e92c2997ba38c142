// Any process: the cluster's configuration, as the app uses it. Types only.
import type { WorkerErrorInfo } from '../cluster.js';

/**
 * Give `cluster.config` its type wherever it has none by itself (`getCluster()`, `req.cluster`):
 * `declare module '@corral/core' { interface Register { config: AppConfig } }`.
 */
export interface Register {}

/** What the app has registered, or nothing that is known. */
export type RegisteredConfig = Register extends { readonly config: infer C } ? C : unknown;

/** A configuration is data as JSON knows it, frozen to its depth. */
export type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** A JSON merge patch (RFC 7396): what it names is set, null takes away, arrays are replaced. */
export type ConfigPatch<C> = C extends readonly unknown[]
  ? C
  : C extends object
    ? { readonly [K in keyof C]?: ConfigPatch<C[K]> | null }
    : C;

export interface ConfigUpdateOptions {
  /** Refuse the update with `CONFIG_CONFLICT` unless this is the version in force. */
  readonly expectedVersion?: number;
  /** How long to wait for the processes to apply it, in ms. Default 5,000. */
  readonly timeoutMs?: number;
}

/** What came of an update in this cluster. Processes are named by the number of their worker; 0 is the primary. */
export interface ConfigUpdateReport {
  /**
   * The version that was made. The one in force when nothing has changed; the rest then says who has
   * applied that one by now.
   */
  readonly version: number;
  readonly applied: readonly number[];
  /** Who refused it, and why: a subscriber threw or rejected. */
  readonly rejected: ReadonlyArray<{ readonly workerId: number; readonly error: WorkerErrorInfo }>;
  /** Who has not answered in time. They get the newest version as soon as they read. */
  readonly timedOut: readonly number[];
  /** The version that has undone this one for everybody, when one was refused. */
  readonly rolledBackBy?: number;
}

/** The configuration, as `status()` tells it. */
export interface ConfigStatus {
  readonly version: number;
  /** Without secrets. */
  readonly value: unknown;
  /** The version that each process has applied, by the number of its worker; 0 is the primary. */
  readonly processes: Readonly<Record<string, number>>;
  /**
   * Why something is not in force as it should be: a file is invalid, a process refuses the version, the
   * store that other clusters share cannot be reached.
   */
  readonly problem?: string;
  /** When other clusters share it: whether the store that keeps it can be reached. */
  readonly shared?: { readonly reachable: boolean };
}

export interface ConfigChangeContext {
  readonly version: number;
  /** Where the two differ, as in `log.level`. Arrays count as one value. */
  readonly changedPaths: readonly string[];
}

/** Applies a change; by throwing or rejecting it refuses the version for its process. */
export type ConfigListener<C> = (
  next: Frozen<C>,
  previous: Frozen<C>,
  context: ConfigChangeContext,
) => unknown;

/** The configuration of the whole cluster, in this process. */
export interface ConfigChannel<C = RegisteredConfig> {
  /** The snapshot in force here; present before `main` runs. */
  readonly current: Frozen<C>;
  /**
   * Of {@link current}; grows with each change. 0: this process began while the store that clusters share
   * the configuration in could not be reached.
   */
  readonly version: number;
  /**
   * Changes the configuration of the whole cluster: validated in the primary, given the next version,
   * sent to every process. Resolves when all have answered or `timeoutMs` has passed. Updates run one
   * after another.
   *
   * @param change a merge patch, or a function from the current configuration to the next
   * @throws {CorralError} `CONFIG_INVALID` (nothing has changed; `details` are the issues),
   *   `CONFIG_CONFLICT`, `CONFIG_MISSING` (`bootstrap()` was given no config), `CONFIG_UNAVAILABLE` (the
   *   store that clusters share it in cannot be reached), `INVALID_ARGUMENT`
   */
  update(
    change: ConfigPatch<C> | ((current: Frozen<C>) => Frozen<C>),
    options?: ConfigUpdateOptions,
  ): Promise<ConfigUpdateReport>;
  /**
   * Calls back for every change from now on; returns a function that ends it. Subscribers are called one
   * after another. When one throws or rejects, this process goes back to the previous configuration
   * (those already called are called again, the other way round), and by default so does the cluster.
   */
  subscribe(listener: ConfigListener<C>): () => void;
}
