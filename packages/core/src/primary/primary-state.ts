// Primary: the embedded store in its place: its own handle on it, and the workers'.
import { openSnapshotsIfWanted } from '../central/open-snapshots.js';
import type { StateSnapshots } from '../central/state-snapshots.js';
import type { Logger } from '../logger.js';
import type { ToPrimary } from '../protocol/messages.js';
import { createStateStore } from '../state/create-state-store.js';
import { logListenerError } from '../state/listener-errors.js';
import { createMemoryState } from '../state/memory-state.js';
import type { MemoryState } from '../state/memory-state.js';
import { isStateStore } from '../state/state-settings.js';
import type { ResolvedStateSettings } from '../state/state-settings.js';
import type { StateStore } from '../state/state-store.js';
import type { HostedClient } from './hosted-client.js';
import type { Predecessor } from './predecessor.js';
import { createStateHost } from './state-host.js';
import type { StateHost } from './state-host.js';
import type { WorkerHandle } from './worker-handle.js';

/** A worker, as far as its state calls go. */
type StateWorker = Pick<WorkerHandle, 'send' | 'offer'>;

/** The embedded store, as far as an upgrade moves it. */
export interface EmbeddedState {
  readonly memory: MemoryState;
  readonly host: StateHost;
  /** Undefined without a file to write it to. */
  readonly snapshots: StateSnapshots | undefined;
  /** How long a call to the other primary may take. */
  readonly timeoutMs: number;
}

export interface PrimaryState {
  /** For the primary itself. */
  readonly store: StateStore;
  /** @returns why it is no batch of ours */
  onBatch(worker: StateWorker, batch: Extract<ToPrimary, { type: 'state' }>): string | undefined;
  /** The worker has ended: others are to have its leases at once. */
  gone(worker: StateWorker): void;
  /** Undefined for a store of the user's own, which is outside. */
  readonly embedded: EmbeddedState | undefined;
  close(): Promise<void>;
}

/**
 * @param given a store of the user's own, or settings of the embedded one
 * @throws {CorralError} `INVALID_OPTIONS` when there cannot be a snapshot where it is wanted
 */
export async function openPrimaryState(
  given: StateStore | ResolvedStateSettings,
  predecessor: Predecessor | undefined,
  logger: Logger,
): Promise<PrimaryState> {
  if (isStateStore(given)) return withoutWorkers(given);
  const memory = createMemoryState(given);
  const host = createStateHost(memory);
  const snapshots = await openSnapshotsIfWanted(given, memory.engine, logger);
  const embedded = { memory, host, snapshots, timeoutMs: given.timeoutMs };
  if (predecessor?.hasState === true) predecessor.followState(embedded);
  else await snapshots?.begin();
  return createEmbeddedState(embedded, given, logger);
}

function createEmbeddedState(
  embedded: EmbeddedState,
  settings: ResolvedStateSettings,
  logger: Logger,
): PrimaryState {
  const { memory, host, snapshots } = embedded;
  const clients = new Map<StateWorker, HostedClient>();
  const store = createStateStore(host.open(), {
    maxValueBytes: settings.maxValueBytes,
    onListenerError: logListenerError(logger),
  });

  const clientOf = (worker: StateWorker): HostedClient => {
    const known = clients.get(worker);
    if (known !== undefined) return known;
    const client = host.connect({
      answer: (answer, onSent) =>
        void worker.send({ type: 'stateAnswer', ...answer }, undefined, onSent),
      published: (channel, data) => void worker.offer({ type: 'statePublished', channel, data }),
    });
    clients.set(worker, client);
    return client;
  };

  return {
    store,
    onBatch: (worker, batch) => clientOf(worker).onBatch(batch),
    gone(worker) {
      clients.get(worker)?.gone();
      clients.delete(worker);
    },
    embedded,
    async close() {
      await store.close();
      // After an upgrade: the successor is to know that the last workers' leases are free.
      await host.idle();
      await snapshots?.close();
      memory.close();
    },
  };
}

/** Workers have connections of their own to it; one that asks all the same is of another release. */
function withoutWorkers(store: StateStore): PrimaryState {
  return {
    store,
    onBatch: () => 'calls of the embedded store, which this primary does not have',
    gone: () => undefined,
    embedded: undefined,
    close: async () => await Promise.resolve(),
  };
}
