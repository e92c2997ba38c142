// Any process: what a store has to be able to do, below the interface that users see. Types only.
// state/create-state-store.ts makes a StateStore of a backend: it checks arguments, encodes values, adds
// namespaces and keeps leases, so that all stores behave alike.

/** An encoded value; only state/value-codec.ts knows what is in it. */
export type StateData = string | Uint8Array;

export interface BackendEntry {
  /** A number is kept as such, so that it can be incremented. */
  readonly data: StateData | number;
  readonly version: number;
  /** -1 without an end. */
  readonly expiresInMs: number;
}

/** `ttlMs` 0: for ever. */
export type StateOperation =
  | { readonly name: 'get'; readonly keys: readonly string[] }
  | { readonly name: 'getEntry'; readonly key: string }
  | {
      readonly name: 'set';
      readonly entries: ReadonlyArray<readonly [key: string, data: StateData | number]>;
      readonly ttlMs: number;
    }
  | { readonly name: 'has'; readonly key: string }
  | { readonly name: 'delete'; readonly keys: readonly string[] }
  | { readonly name: 'touch'; readonly key: string; readonly ttlMs: number }
  | {
      readonly name: 'increment';
      readonly key: string;
      readonly by: number;
      readonly ttlMs: number;
    }
  | {
      readonly name: 'compareAndSet';
      readonly key: string;
      readonly expectedVersion: number;
      readonly data: StateData | number;
      readonly ttlMs: number;
    }
  /** `cursor` '' begins; the answer's cursor '' ends. */
  | {
      readonly name: 'scan';
      readonly prefix: string;
      readonly cursor: string;
      readonly count: number;
    }
  /** A part of it; the cursor as with `scan`. */
  | { readonly name: 'clear'; readonly prefix: string; readonly cursor: string }
  | {
      readonly name: 'acquireLease';
      readonly lease: string;
      readonly owner: string;
      readonly ttlMs: number;
    }
  | {
      readonly name: 'renewLease';
      readonly lease: string;
      readonly owner: string;
      readonly ttlMs: number;
    }
  | { readonly name: 'releaseLease'; readonly lease: string; readonly owner: string }
  | { readonly name: 'publish'; readonly channel: string; readonly data: StateData | number };

export interface StateOperationResults {
  get: ReadonlyArray<StateData | number | undefined>;
  getEntry: BackendEntry | undefined;
  /** The versions, in order. */
  set: readonly number[];
  has: boolean;
  delete: number;
  touch: boolean;
  increment: { readonly value: number; readonly expiresInMs: number };
  compareAndSet:
    | { readonly ok: true; readonly version: number }
    | { readonly ok: false; readonly current: BackendEntry | undefined };
  /** A key may come twice: the store leaves out what it has seen. */
  scan: {
    readonly cursor: string;
    readonly entries: ReadonlyArray<readonly [key: string, data: StateData | number]>;
  };
  clear: { readonly cursor: string; readonly removed: number };
  /** The fencing token, or undefined when somebody else holds it. */
  acquireLease: number | undefined;
  renewLease: boolean;
  releaseLease: void;
  publish: void;
}

export type StateOperationName = StateOperation['name'];

/** One place where state is kept. Rejects with a `CorralError` of a `STATE_…` code. */
export interface StateBackend {
  execute<N extends StateOperationName>(
    operation: Extract<StateOperation, { readonly name: N }>,
  ): Promise<StateOperationResults[N]>;
  /**
   * Resolves when messages of the channel arrive from now on; with a function that ends it. `onGap`: for
   * a while they did not, and now they do again.
   */
  subscribe(
    channel: string,
    listener: (data: StateData | number) => void,
    onGap?: () => void,
  ): Promise<() => Promise<void>>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
