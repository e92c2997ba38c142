// Primary: the embedded store for those who reach it by messages, and for this process itself. In an upgrade
// the state moves to another primary: calls wait meanwhile, and are passed on afterwards.
import { deferred } from '../deferred.js';
import type { Deferred } from '../deferred.js';
import { stateClosed } from '../errors.js';
import { createHostedClient } from './hosted-client.js';
import type { ClientPort, HostedClient } from './hosted-client.js';
import type { MemoryState } from '../state/memory-state.js';
import type { RemoteBackend } from '../state/remote-backend.js';
import type { StateBackend, StateData } from '../state/state-backend.js';
import type { WireOperation } from '../state/wire.js';

/** Where the state is. */
type Place =
  | { readonly name: 'here' }
  /** On its way: calls wait until it has arrived. */
  | { readonly name: 'moving'; readonly arrived: Deferred<void> }
  | { readonly name: 'elsewhere'; readonly remote: RemoteBackend };

export interface StateHost {
  /** A worker that asks by messages. */
  connect(port: ClientPort): HostedClient;
  /** Another primary: it hears all that is published here, for its own workers. */
  connectPeer(port: ClientPort): HostedClient;
  /** For this process's own store. */
  open(): StateBackend;
  /** Brings what was published where the state is to those who listen in this primary. */
  deliver(channel: string, data: StateData | number): void;
  /** From now on calls wait. */
  hold(): void;
  /** What waits, and all that follows, happens here. */
  resumeHere(): void;
  /** It happens there. */
  resumeElsewhere(remote: RemoteBackend): void;
  /** Resolves when all that was passed on so far has been answered. */
  idle(): Promise<void>;
}

export function createStateHost(memory: MemoryState): StateHost {
  const peers = new Set<ClientPort>();
  let place: Place = { name: 'here' };

  const executeHere = (operation: WireOperation): unknown => {
    switch (operation.name) {
      case 'publish':
        for (const peer of peers) peer.published(operation.channel, operation.data);
        return memory.apply(operation);
      case 'releaseLeasesOf':
        return memory.engine.releaseLeasesOf(operation.owner);
      case 'subscribe':
      case 'unsubscribe':
        // Whoever listens does so in the primary that he talks to.
        return undefined;
      default:
        return memory.apply(operation);
    }
  };

  const execute = async (operation: WireOperation): Promise<unknown> => {
    switch (place.name) {
      case 'here':
        return executeHere(operation);
      case 'moving':
        await place.arrived.promise;
        return await execute(operation);
      case 'elsewhere':
        return await place.remote.call(operation);
      default:
        return place satisfies never;
    }
  };

  const resume = (next: Place): void => {
    const before = place;
    place = next;
    if (before.name === 'moving') before.arrived.resolve();
  };

  const connect = (port: ClientPort, isPeer: boolean): HostedClient =>
    createHostedClient({
      port,
      isPeer,
      isHere: () => place.name === 'here',
      executeHere,
      execute,
      subscribe: memory.subscribe,
    });

  return {
    connect: (port) => connect(port, false),
    connectPeer(port) {
      const client = connect(port, true);
      peers.add(port);
      return {
        onBatch: client.onBatch,
        gone() {
          peers.delete(port);
          client.gone();
        },
      };
    },
    open() {
      const local = memory.open();
      let isClosed = false;
      return {
        ...local,
        async execute(operation) {
          if (isClosed) throw stateClosed();
          return (await execute(operation)) as never;
        },
        async close() {
          isClosed = true;
          await local.close();
        },
      };
    },
    deliver: memory.deliver,
    hold() {
      if (place.name !== 'moving') place = { name: 'moving', arrived: deferred<void>() };
    },
    resumeHere: () => resume({ name: 'here' }),
    resumeElsewhere: (remote) => resume({ name: 'elsewhere', remote }),
    async idle() {
      if (place.name === 'elsewhere') await place.remote.idle();
    },
  };
}
