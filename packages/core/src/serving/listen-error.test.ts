import net from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { listenAddressOf } from './listen-error.js';

const failure = (fields: object): Error => Object.assign(new Error('listen EADDRINUSE'), fields);

describe('the address of a failed listen', () => {
  it.each([
    [{ syscall: 'listen', address: '::', port: 3_000 }, '[::]:3000'],
    [{ syscall: 'bind', address: '127.0.0.1', port: 80 }, '127.0.0.1:80'],
    [{ syscall: 'listen', address: null, port: 80 }, '*:80'],
    [{ syscall: 'listen', address: '', port: 80 }, '*:80'],
    [{ syscall: 'listen', port: 80 }, '*:80'],
    [{ syscall: 'listen', address: '/run/app.sock', port: -1 }, '/run/app.sock'],
    [{ syscall: 'listen', address: '/run/app.sock' }, '/run/app.sock'],
  ])('%j is %s', (fields, address) => {
    expect(listenAddressOf(failure(fields))).toBe(address);
  });

  it.each([
    [failure({ syscall: 'connect', address: '10.0.0.1', port: 5_432 })],
    [failure({})],
    [{ syscall: 'listen', address: '::', port: 1 }],
    ['listen'],
    [undefined],
    [null],
  ])('is unknown for any other error: %j', (thrown) => {
    expect(listenAddressOf(thrown)).toBeUndefined();
  });

  it('is that of a real one', async () => {
    const first = net.createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as net.AddressInfo;
    const second = net.createServer().listen(port, '127.0.0.1');
    const [error] = (await once(second, 'error')) as [unknown];
    first.close();
    expect(listenAddressOf(error)).toBe(`127.0.0.1:${port}`);
  });
});
