// Worker or single process: finds every server the app starts, of whatever framework, and drains them.
import diagnosticsChannel from 'node:diagnostics_channel';
import { errorMonitor } from 'node:events';
import type { EventEmitter } from 'node:events';
import type http from 'node:http';
import type net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { trackConnections } from './connection-tracker.js';
import type { ConnectionTracker } from './connection-tracker.js';

/** How often a drain looks for idle connections. */
const SWEEP_MS = 50;

export interface ServerRegistry {
  /** Open connections on all servers. */
  readonly connections: number;
  /** Requests that have arrived so far. */
  readonly requests: number;
  /** Where the servers listen, for people. */
  readonly addresses: readonly string[];
  /**
   * Resolves when no `listen()` is under way.
   *
   * @throws the listen error when a server failed to listen and none does listen.
   */
  allListening(): Promise<void>;
  /** From now on every response asks its client to leave. */
  askClientsToLeave(): void;
  stopAccepting(): void;
  /**
   * Resolves when all connections are closed: busy ones by themselves, idle ones after `idleGraceMs`.
   * Rejects with the signal's reason when it aborts.
   */
  drained(idleGraceMs: number, signal: AbortSignal): Promise<void>;
  /** Ends WebSockets and other connections that no request belongs to. */
  endLongLived(): void;
  /** Destroys what is still open; returns how many connections that were. */
  destroyAll(): number;
  /** Stops watching. */
  close(): void;
}

interface RequestMessage {
  readonly socket: net.Socket;
  readonly server: net.Server;
  readonly response: http.ServerResponse;
}

/**
 * Watches from now on: call it before any server of the app listens.
 *
 * @param onConnections told of every connection that opens or closes; the number of those that are open
 */
export function createServerRegistry(onConnections: (count: number) => void): ServerRegistry {
  /** Of the servers that listen or have connections. */
  const trackers = new Map<net.Server, ConnectionTracker>();
  /** Of every server so far: one that listens again is not followed twice. */
  const known = new WeakMap<net.Server, ConnectionTracker>();
  const startingServers = new Set<net.Server>();
  const waiting: Array<() => void> = [];
  let leaving = false;
  let requests = 0;
  let connections = 0;
  let listenError: Error | undefined;

  const listenEnded = (server: net.Server): void => {
    if (!startingServers.delete(server) || startingServers.size > 0) return;
    for (const resolve of waiting.splice(0)) resolve();
  };

  const onListenStart = (message: unknown): void => {
    const { server } = message as { server: net.Server };
    startingServers.add(server);
    const tracker = known.get(server) ?? follow(server);
    trackers.set(server, tracker);
    if (leaving) tracker.askClientsToLeave();
  };

  const follow = (server: net.Server): ConnectionTracker => {
    const tracker = trackConnections(server, {
      onHttp2Request() {
        requests += 1;
      },
      onConnectionOpened() {
        connections += 1;
        // One that was on its way when the server closed.
        trackers.set(server, tracker);
        onConnections(connections);
      },
      onConnectionClosed() {
        connections -= 1;
        onConnections(connections);
      },
    });
    known.set(server, tracker);
    server.on('listening', () => listenEnded(server));
    // errorMonitor, because an 'error' listener would swallow what the app does not handle.
    (server as EventEmitter).on(errorMonitor, (error: Error) => {
      if (!startingServers.has(server)) return;
      listenError ??= error;
      listenEnded(server);
    });
    const forget = (): void => {
      if (!server.listening && tracker.size === 0) trackers.delete(server);
    };
    tracker.onEmpty(forget);
    server.on('close', () => {
      listenEnded(server);
      forget();
    });
    return tracker;
  };
  const onRequestStart = (message: unknown): void => {
    const { server, socket, response } = message as RequestMessage;
    const tracker = trackers.get(server);
    // A server that was there before us is not the app's.
    if (tracker === undefined) return;
    requests += 1;
    tracker.requestStarted(socket, response);
  };
  const onResponseFinish = (message: unknown): void => {
    const { server, socket, response } = message as RequestMessage;
    trackers.get(server)?.requestFinished(socket, response);
  };

  const subscriptions = [
    ['tracing:net.server.listen:asyncStart', onListenStart],
    ['http.server.request.start', onRequestStart],
    ['http.server.response.finish', onResponseFinish],
  ] as const;
  for (const [name, listener] of subscriptions) diagnosticsChannel.subscribe(name, listener);

  const all = (): ConnectionTracker[] => [...trackers.values()];

  return {
    get connections() {
      return connections;
    },
    get requests() {
      return requests;
    },
    get addresses() {
      return all().flatMap(({ server }) => (server.listening ? [formatAddress(server)] : []));
    },
    async allListening() {
      // An app may listen elsewhere once it hears that it cannot here.
      while (startingServers.size > 0) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      const isAnyListening = all().some(({ server }) => server.listening);
      if (listenError !== undefined && !isAnyListening) throw listenError;
    },
    askClientsToLeave() {
      leaving = true;
      for (const tracker of all()) tracker.askClientsToLeave();
    },
    stopAccepting() {
      for (const tracker of all()) tracker.stopAccepting();
    },
    async drained(idleGraceMs, signal) {
      const empty = new AbortController();
      const checkEmpty = (): void => {
        if (connections === 0) empty.abort();
      };
      for (const tracker of all()) tracker.onEmpty(checkEmpty);
      const wake = AbortSignal.any([empty.signal, signal]);
      for (checkEmpty(); !empty.signal.aborted; checkEmpty()) {
        signal.throwIfAborted();
        for (const tracker of all()) tracker.closeIdle(performance.now(), idleGraceMs);
        await delay(SWEEP_MS, undefined, { signal: wake }).catch(() => undefined);
      }
    },
    endLongLived() {
      for (const tracker of all()) tracker.endLongLived();
    },
    destroyAll() {
      return all().reduce((sum, tracker) => sum + tracker.destroyAll(), 0);
    },
    close() {
      for (const [name, listener] of subscriptions) diagnosticsChannel.unsubscribe(name, listener);
    },
  };
}

function formatAddress(server: net.Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return address ?? 'unknown';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}
