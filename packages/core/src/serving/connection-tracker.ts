// Worker or single process: the connections of one server, and which of them are idle.
import http from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import type { Socket } from 'node:net';
import tls from 'node:tls';

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

interface Connection {
  readonly socket: Socket;
  state: ConnectionState;
  /** Requests that have arrived and whose response has not been written. */
  readonly responses: http.ServerResponse[];
  /** The one that asks the client to leave. */
  askedIn: http.ServerResponse | undefined;
  seenBytes: number;
  lastActiveMs: number | undefined;
}

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
  const isTls = server instanceof tls.Server;
  // Node exports no class to ask for.
  const isHttp2 = 'updateSettings' in server;
  const initialState = isHttp2
    ? 'http2'
    : server instanceof http.Server || server instanceof https.Server
      ? 'http'
      : 'long-lived';
  // What is open is counted on the TCP sockets; what is idle is judged on the sockets that carry the
  // requests. With TLS these are not the same objects.
  const open = new Set<Socket>();
  const connections = new Map<Socket, Connection>();
  const sessions = new Set<ServerHttp2Session>();
  const emptyListeners: Array<() => void> = [];
  let leaving = false;
  let firstSweepMs: number | undefined;

  const carry = (socket: Socket, state: ConnectionState): void => {
    connections.set(socket, {
      socket,
      state,
      responses: [],
      askedIn: undefined,
      seenBytes: 0,
      lastActiveMs: undefined,
    });
  };

  // One function for all sockets, because this runs for every connection.
  function onClosed(this: Socket): void {
    connections.delete(this);
    if (!open.delete(this)) return;
    observer.onConnectionClosed();
    if (open.size === 0) for (const listener of emptyListeners) listener();
  }

  server.on('connection', (socket: Socket) => {
    open.add(socket);
    if (!isTls) carry(socket, initialState);
    socket.on('close', onClosed);
    observer.onConnectionOpened();
  });
  if (isTls) {
    server.on('secureConnection', (socket: tls.TLSSocket) => {
      // With `allowHTTP1`, clients that have not agreed on HTTP/2 get HTTP/1.
      carry(socket, isHttp2 && socket.alpnProtocol !== 'h2' ? 'http' : initialState);
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
  markUpgrades(server, (socket) => {
    const connection = connections.get(socket);
    if (connection !== undefined) connection.state = 'long-lived';
  });

  /** Of pipelined requests, only the last one's response says so: Node would not send those after it. */
  const askToLeave = (connection: Connection): void => {
    const { askedIn } = connection;
    const last = connection.responses.at(-1);
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
    const { socket, responses } = connection;
    const isActive = responses.length > 0 || socket.bytesRead !== connection.seenBytes;
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
      return open.size;
    },
    requestStarted(socket, response) {
      const connection = connections.get(socket);
      if (connection === undefined) return;
      // An HTTP/1 request on an HTTP/2 server (`allowHTTP1`).
      connection.state = 'http';
      connection.responses.push(response);
      if (leaving) askToLeave(connection);
    },
    requestFinished(socket, response) {
      const responses = connections.get(socket)?.responses;
      // Pipelined or not, the responses of a connection are written in the order of its requests.
      if (responses?.[0] === response) responses.shift();
    },
    askClientsToLeave() {
      leaving = true;
      for (const connection of connections.values()) askToLeave(connection);
      for (const session of sessions) announceGoaway(session);
    },
    stopAccepting() {
      // Not `server.close()`: HTTP servers also reset connections there whose request is on its way.
      if (server.listening) net.Server.prototype.close.call(server);
    },
    closeIdle(nowMs, idleGraceMs) {
      for (const connection of connections.values()) {
        if (connection.state === 'http' || connection.state === 'ending') {
          closeIfIdle(connection, nowMs, idleGraceMs);
        }
      }
      firstSweepMs ??= nowMs;
      if (nowMs - firstSweepMs < idleGraceMs) return;
      // The second half: the streams that clients opened before they knew are here by now.
      for (const session of sessions) session.close();
      if (isTls) closeUnfinishedHandshakes(open, connections);
    },
    endLongLived() {
      for (const connection of connections.values()) {
        if (connection.state === 'long-lived') end(connection);
      }
    },
    destroyAll() {
      const count = open.size;
      for (const session of sessions) session.destroy();
      for (const { socket } of connections.values()) socket.destroy();
      for (const socket of open) socket.destroy();
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

/** Destroys TCP connections on which no TLS connection has been made. */
function closeUnfinishedHandshakes(
  open: ReadonlySet<Socket>,
  connections: ReadonlyMap<Socket, Connection>,
): void {
  const peer = (socket: Socket): string => `${socket.remoteAddress}|${socket.remotePort}`;
  const established = new Set([...connections.keys()].map(peer));
  for (const socket of open) {
    // Without a port (Unix sockets) the two cannot be told apart; the deadline of the drain remains.
    if (socket.remotePort !== undefined && !established.has(peer(socket))) socket.destroy();
  }
}
