// Process tests: the app's own listen(), in every framework, on every kind of address.
import { expect, test } from 'vitest';
import { freePort, probe } from '@corral/test-kit';
import { hasIpv6, MODES, requestFrom, temporaryDirectory } from './balance-support.js';
import { occurrences, start } from './support.js';

const FRAMEWORKS = ['http', 'express', 'fastify'] as const;

interface Listening {
  readonly name: string;
  readonly address: { readonly address: string; readonly family: string; readonly port: number };
}

function listeningLines(output: string): Listening[] {
  return [...output.matchAll(/^listening (.*)$/gm)].map(
    ([, json = '']) => JSON.parse(json) as Listening,
  );
}

test.for(MODES.flatMap((balance) => FRAMEWORKS.map((framework) => ({ balance, framework }))))(
  '$framework listens on IPv4, IPv6, both, localhost, any port and a Unix socket ($balance)',
  async ({ balance, framework }) => {
    const ports = {
      ipv4: await freePort(),
      everywhere: await freePort(),
      localhost: await freePort(),
      ...(hasIpv6 ? { ipv6: await freePort() } : {}),
    };
    const path = `${temporaryDirectory()}/app.sock`;
    const listen = {
      ipv4: { port: ports.ipv4, host: '127.0.0.1' },
      // Fastify's own default is localhost.
      everywhere:
        framework === 'fastify'
          ? { port: ports.everywhere, host: hasIpv6 ? '::' : '0.0.0.0' }
          : { port: ports.everywhere },
      localhost: { port: ports.localhost, host: 'localhost' },
      anyPort: { port: 0, host: '127.0.0.1' },
      unix: { path },
      ...(hasIpv6 ? { ipv6: { port: ports.ipv6, host: '::1' } } : {}),
    };
    const fixture = start(
      'listen.mjs',
      { workers: 2, balance },
      { env: { FRAMEWORK: framework, LISTEN: JSON.stringify(listen) } },
    );
    const { status } = await fixture.nextEvent('started');
    expect(status).toMatchObject({ ready: 2, balance: { mode: balance } });

    const lines = listeningLines(fixture.stdout);
    const addressesOf = (name: string): Array<Listening['address']> =>
      lines.filter((line) => line.name === name).map(({ address }) => address);
    // What the app is told is where it listens, and the same in every worker.
    expect(addressesOf('ipv4')).toEqual(
      Array.from({ length: 2 }, () => ({
        address: '127.0.0.1',
        family: 'IPv4',
        port: ports.ipv4,
      })),
    );
    const [any, other] = addressesOf('anyPort');
    expect(any?.port).toBeGreaterThan(0);
    expect(other).toEqual(any);

    const urls = [
      `http://127.0.0.1:${ports.ipv4}`,
      `http://127.0.0.1:${ports.everywhere}`,
      `http://localhost:${ports.localhost}`,
      `http://127.0.0.1:${any?.port}`,
      ...(hasIpv6 ? [`http://[::1]:${ports.ipv6}`, `http://[::1]:${ports.everywhere}`] : []),
    ];
    for (const url of urls) {
      const answering = new Set<unknown>();
      for (let requests = 0; requests < 200 && answering.size < 2; requests++) {
        const { status, headers, body } = await probe(url);
        expect([status, body]).toEqual([200, framework]);
        answering.add(headers['x-worker-id']);
      }
      expect(answering, url).toEqual(new Set(['1', '2']));
    }
    expect(await requestFrom({ socketPath: path })).toMatchObject({ status: 200 });
    // One family only is one family only.
    if (hasIpv6) {
      await expect(probe(`http://[::1]:${ports.ipv4}`)).rejects.toMatchObject({
        code: 'ECONNREFUSED',
      });
    }

    fixture.kill('SIGTERM');
    expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
    expect(occurrences(fixture.output, '"level":50')).toBe(0);
  },
);
