// Worker or single process: the connections of one server, and which of them are idle.
import type http from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import net from 'node:net';
import type { Socket } from 'node:net';
import type tls from 'node:tls';
import { nodeHttp, nodeHttps } from '../builtins.js';
import { addTo, removeFrom } from './dense-list.js';
import type { Listed } from './dense-list.js';
import { isTlsServer } from './tls-server.js';

export interface ConnectionTracker {
  readonly server: net.Server;
  /** Open connections. */
  readonly size: number;
  /** Said by the registry, which hears it from Node's diagnostics channels. */
  requestStarted(socket: Socket, response: http.ServerResponse): void;
  requestFinished(socket: Socket, response: http.ServerResponse): void;
  /** From now on every response asks its client to leave, and HTTP/2 clients are told to open no more streams. */
  askClientsToLeave(): void;
  /** Closes the listener and leaves the connections alone. */
  stopAccepting(): void;
  /** Closes what has been idle for `idleGraceMs` at `nowMs`, counted from the first call; call it repeatedly. */
  closeIdle(nowMs: number, idleGraceMs: number): void;
  /** Ends connections that no request belongs to: upgraded ones, and those of plain TCP servers. */
  endLongLived(): void;
  /** Destroys what is still open; returns how many connections that were. */
  destroyAll(): number;
  /** Calls `listener` when the last connection has closed. */
  onEmpty(listener: () => void): void;
}

/**
 * `http`: idle between requests. `http2`: its session knows. `long-lived`: upgraded, or of a plain TCP
 * server. `ending`: FIN sent.
 */
type ConnectionState = 'http' | 'http2' | 'long-lived' | 'ending';

interface Connection extends Listed {
  readonly socket: Socket;
  state: ConnectionState;
  /** The response to the request that arrived first of those that are not answered. */
  response: http.ServerResponse | undefined;
  /** Those to the requests pipelined behind it; few clients do that. */
  pipelined: http.ServerResponse[] | undefined;
  /** The one that asks the client to leave. */
  askedIn: http.ServerResponse | undefined;
  seenBytes: number;
  lastActiveMs: number | undefined;
}

/** A TCP connection that carries a TLS one. */
interface Carrier extends Listed {
  readonly socket: Socket;
  /** When a sweep has first seen it. */
  firstSeenMs: number | undefined;
}

/** Where a socket keeps what we know of it. */
const connectionOf = Symbol('corral.connection');
const carrierOf = Symbol('corral.carrier');
type FollowedSocket = Socket & { [connectionOf]?: Connection; [carrierOf]?: Carrier };

export interface ConnectionObserver {
  /** Called for each HTTP/2 stream; HTTP/1 requests have a diagnostics channel. */
  onHttp2Request(): void;
  onConnectionOpened(): void;
  onConnectionClosed(): void;
}

/** Follows a server from now on; connections that it has accepted before are not seen. */
export function trackConnections(
  server: net.Server,
  observer: ConnectionObserver,
): ConnectionTracker {
  const isTls = isTlsServer(server);
  // Node exports no class to ask for.
  const isHttp2 = 'updateSettings' in server;
  const initialState = isHttp2
    ? 'http2'
    : server instanceof (isTls ? nodeHttps() : nodeHttp()).Server
      ? 'http'
      : 'long-lived';
  // What is idle is judged on the sockets that carry the requests, what is open is counted on the TCP
  // sockets. Only with TLS these are not the same objects.
  const connections: Connection[] = [];
  const carriers: Carrier[] = [];
  const open: readonly Listed[] = isTls ? carriers : connections;
  const sessions = new Set<ServerHttp2Session>();
  const emptyListeners: Array<() => void> = [];
  let leaving = false;
  let firstSweepMs: number | undefined;

  // These run for every connection: one function for all sockets, and no more work than needed.
  const connect = (socket: FollowedSocket, state: ConnectionState): void => {
    const connection: Connection = {
      index: -1,
      socket,
      state,
      response: undefined,
      pipelined: undefined,
      askedIn: undefined,
      seenBytes: 0,
      lastActiveMs: undefined,
    };
    socket[connectionOf] = connection;
    addTo(connections, connection);
  };
  function onClosed(this: FollowedSocket): void {
    const { [connectionOf]: connection, [carrierOf]: carrier } = this;
    if (connection !== undefined) removeFrom(connections, connection);
    if (carrier !== undefined) removeFrom(carriers, carrier);
    // Of a TLS connection, the TCP socket counts.
    if (isTls && carrier === undefined) return;
    observer.onConnectionClosed();
    if (open.length === 0) for (const listener of emptyListeners) listener();
  }

  server.on('connection', (socket: FollowedSocket) => {
    if (isTls) addTo(carriers, (socket[carrierOf] = { index: -1, socket, firstSeenMs: undefined }));
    else connect(socket, initialState);
    socket.on('close', onClosed);
    observer.onConnectionOpened();
  });
  if (isTls) {
    server.on('secureConnection', (socket: tls.TLSSocket) => {
      // With `allowHTTP1`, clients that have not agreed on HTTP/2 get HTTP/1.
      connect(socket, isHttp2 && socket.alpnProtocol !== 'h2' ? 'http' : initialState);
      socket.on('close', onClosed);
    });
  }
  if (isHttp2) {
    server.on('stream', () => observer.onHttp2Request());
    server.on('session', (session: ServerHttp2Session) => {
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
      if (leaving) announceGoaway(session);
    });
  }
  markUpgrades(server, ({ [connectionOf]: connection }: FollowedSocket) => {
    if (connection !== undefined) connection.state = 'long-lived';
  });

  /** Of pipelined requests, only the last one's response says so: Node would not send those after it. */
  const askToLeave = (connection: Connection): void => {
    const { askedIn } = connection;
    const last = connection.pipelined?.at(-1) ?? connection.response;
    if (last === undefined || last === askedIn || last.headersSent) return;
    if (askedIn?.headersSent === false) askedIn.shouldKeepAlive = true;
    last.shouldKeepAlive = false;
    connection.askedIn = last;
  };

  const end = (connection: Connection): void => {
    if (connection.state === 'ending') {
      connection.socket.destroy();
    } else {
      // FIN first, destroyed a sweep later: a client that reads sees an orderly end, not a reset.
      connection.state = 'ending';
      connection.socket.end();
    }
  };

  const closeIfIdle = (connection: Connection, nowMs: number, idleGraceMs: number): void => {
    const { socket, response } = connection;
    const isActive = response !== undefined || socket.bytesRead !== connection.seenBytes;
    if (isActive || connection.lastActiveMs === undefined) {
      connection.seenBytes = socket.bytesRead;
      connection.lastActiveMs = nowMs;
    } else if (nowMs - connection.lastActiveMs >= idleGraceMs) {
      end(connection);
    }
  };

  return {
    server,
    get size() {
      return open.length;
    },
    requestStarted({ [connectionOf]: connection }: FollowedSocket, response) {
      if (connection === undefined) return;
      // An HTTP/1 request on an HTTP/2 server (`allowHTTP1`).
      connection.state = 'http';
      if (connection.response === undefined) connection.response = response;
      else (connection.pipelined ??= []).push(response);
      if (leaving) askToLeave(connection);
    },
    requestFinished({ [connectionOf]: connection }: FollowedSocket, response) {
      // Pipelined or not, the responses of a connection are written in the order of its requests.
      if (connection?.response !== response) return;
      connection.response = connection.pipelined?.shift();
    },
    askClientsToLeave() {
      leaving = true;
      for (const connection of connections) askToLeave(connection);
      for (const session of sessions) announceGoaway(session);
    },
    stopAccepting() {
      // Not `server.close()`: HTTP servers also reset connections there whose request is on its way.
      if (server.listening) net.Server.prototype.close.call(server);
    },
    closeIdle(nowMs, idleGraceMs) {
      for (const connection of connections) {
        if (connection.state === 'http' || connection.state === 'ending') {
          closeIfIdle(connection, nowMs, idleGraceMs);
        }
      }
      if (isTls) closeUnfinishedHandshakes(carriers, connections, nowMs, idleGraceMs);
      firstSweepMs ??= nowMs;
      if (nowMs - firstSweepMs < idleGraceMs) return;
      // The second half: the streams that clients opened before they knew are here by now.
      for (const session of sessions) session.close();
    },
    endLongLived() {
      for (const connection of connections) {
        if (connection.state === 'long-lived') end(connection);
      }
    },
    destroyAll() {
      const count = open.length;
      for (const session of sessions) session.destroy();
      for (const { socket } of [...connections, ...carriers]) socket.destroy();
      return count;
    },
    onEmpty(listener) {
      emptyListeners.push(listener);
    },
  };
}

/**
 * The first half of a graceful HTTP/2 shutdown (RFC 9113 §6.8): open no new streams on this connection,
 * but those on their way are still answered.
 */
function announceGoaway(session: ServerHttp2Session): void {
  const NO_ERROR = 0;
  const HIGHEST_STREAM_ID = 2 ** 31 - 1;
  if (!session.closed && !session.destroyed) session.goaway(NO_ERROR, HIGHEST_STREAM_ID);
}

/**
 * Calls `onUpgrade` for every socket that leaves HTTP. A server without an 'upgrade' listener answers
 * upgrade requests as ordinary ones, so ours may be there only as long as the app's own is.
 */
function markUpgrades(server: net.Server, onUpgrade: (socket: Socket) => void): void {
  for (const event of ['upgrade', 'connect'] as const) {
    const mark = (_request: unknown, socket: Socket): void => onUpgrade(socket);
    if (server.listenerCount(event) > 0) server.on(event, mark);
    server.on('newListener', (name: string | symbol, listener: unknown) => {
      if (name === event && listener !== mark && !server.listeners(event).includes(mark)) {
        server.on(event, mark);
      }
    });
    server.on('removeListener', (name: string | symbol, listener: unknown) => {
      if (name === event && listener !== mark && server.listenerCount(event) === 1) {
        server.off(event, mark);
      }
    });
  }
}

/** Destroys TCP connections on which no TLS connection has been made in time. */
function closeUnfinishedHandshakes(
  carriers: readonly Carrier[],
  connections: readonly Connection[],
  nowMs: number,
  idleGraceMs: number,
): void {
  const overdue = carriers.filter((carrier) => {
    carrier.firstSeenMs ??= nowMs;
    return nowMs - carrier.firstSeenMs >= idleGraceMs;
  });
  if (overdue.length === 0) return;
  const peer = ({ socket }: { readonly socket: Socket }): string =>
    `${socket.remoteAddress}|${socket.remotePort}`;
  const established = new Set(connections.map(peer));
  for (const carrier of overdue) {
    // Without a port (Unix sockets) the two cannot be told apart; the deadline of the drain remains.
    if (carrier.socket.remotePort !== undefined && !established.has(peer(carrier))) {
      carrier.socket.destroy();
    }
  }
}
