import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { httpExchange } from './http-exchange.js';

async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as net.AddressInfo).port;
}

async function get(url: string, timeoutMs = 10_000): ReturnType<typeof httpExchange> {
  return await httpExchange({ url: new URL(url), method: 'GET', headers: {}, timeoutMs });
}

it('returns the whole answer, also when characters come in parts', async () => {
  const [head, tail] = [Buffer.from('aä').subarray(0, 2), Buffer.from('ä').subarray(1)];
  const server = http.createServer((_request, response) => {
    response.writeHead(418);
    response.write(head, () => response.end(tail));
  });
  const port = await listen(server);
  expect(await get(`http://127.0.0.1:${port}/`)).toEqual({ status: 418, text: 'aä' });
});

it('has sent nothing to a server with which no TLS comes about', async () => {
  const port = await listen(net.createServer((socket) => socket.once('data', () => socket.end())));
  await expect(get(`https://127.0.0.1:${port}/`)).rejects.toMatchObject({
    name: 'ExchangeError',
    wasConnected: false,
  });
  await expect(get(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ wasConnected: true });
});

it('reads no more than it can hold', async () => {
  const part = Buffer.alloc(1024 * 1024, ' ');
  let sent = 0;
  const server = http.createServer((_request, response) => {
    const more = (): void => {
      if (sent++ < 80 && !response.destroyed) response.write(part, more);
      else response.end();
    };
    more();
  });
  const port = await listen(server);
  // Not the answer itself: a failing test would print all of it.
  const ended = get(`http://127.0.0.1:${port}/`).then(({ text }) => text.length);
  await expect(ended).rejects.toMatchObject({
    message: 'its answer has more than 64 MiB',
    wasConnected: true,
  });
});

it('says that it has waited long enough, also in the middle of an answer', async () => {
  const server = http.createServer((_request, response) => void response.write('{'));
  const port = await listen(server);
  await expect(get(`http://127.0.0.1:${port}/`, 200)).rejects.toMatchObject({
    message: '200 ms have passed, see --timeout-ms',
    wasConnected: true,
  });
});
