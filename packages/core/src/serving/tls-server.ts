// Worker or single process: whether a server speaks TLS, told without loading TLS for servers that do not.
import type net from 'node:net';
import type tls from 'node:tls';

export function isTlsServer(server: net.Server): server is tls.Server {
  return 'getTicketKeys' in server;
}
