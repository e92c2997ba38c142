// Test process: sessions and rate limits as an app has them, over all workers, on real processes.
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from './free-port.js';
import { probe } from './http-probe.js';
import { createSessionClient } from './session-client.js';
import type { SessionClient } from './session-client.js';
import { spawnFixture } from './spawn-fixture.js';
import type { Fixture } from './spawn-fixture.js';

/**
 * A program for the suite: takes its port from `PORT`, `CORRAL_CONTRACT_OPTIONS` for `bootstrap()` (JSON),
 * reports its cluster's events and `started`, and has
 * `POST /login` (a new session id, `user` = `ann`), `GET /me` (JSON: pid, workerId, and the session's user),
 * `POST /note?name=…` (sets the session's property of that name, after 100 ms), `GET /notes` (JSON: the
 * session without its cookie), `POST /logout` (destroys the session), and `GET /limited`, which lets
 * {@link RATE_LIMIT} requests of a client pass in a minute.
 */
export interface StateAdapterContractOptions {
  readonly fixture: URL;
  readonly args?: readonly string[];
}

export const RATE_LIMIT = 100;
const WORKERS = 2;

export interface Me {
  readonly pid: number;
  readonly workerId: number;
  readonly user?: string;
}

/** Asks until each of so many workers has answered, and gives each one's answer. */
export async function meOfWorkers(client: SessionClient, workers: number = WORKERS): Promise<Me[]> {
  const found = new Map<number, Me>();
  for (let tries = 0; tries < workers * 30 && found.size < workers; tries += 1) {
    const me = await askMe(client);
    found.set(me.pid, me);
  }
  return [...found.values()];
}

async function askMe(client: SessionClient): Promise<Me> {
  const { body } = await client.send('GET', '/me');
  return JSON.parse(body) as Me;
}

export function describeStateAdapterContract(
  name: string,
  contract: StateAdapterContractOptions,
): void {
  let fixture: Fixture | undefined;

  afterEach(async () => {
    await fixture?.close();
  });

  describe(`shared state contract: ${name}`, () => {
    it('has one session and one rate limit over all workers, through a crash', async () => {
      const port = await freePort();
      fixture = spawnFixture(contract.fixture, {
        deadlineMs: 50_000,
        env: {
          PORT: String(port),
          LOG_LEVEL: 'warn',
          CORRAL_CONTRACT_OPTIONS: JSON.stringify({ workers: WORKERS }),
        },
        ...(contract.args === undefined ? {} : { args: contract.args }),
      });
      await fixture.nextEvent('started');
      const url = `http://127.0.0.1:${port}`;

      // Whoever has nothing in the session gets none.
      const ann = createSessionClient(url);
      expect(await askMe(ann)).not.toHaveProperty('user');
      expect(ann.cookie).toBeUndefined();

      const login = await ann.send('POST', '/login');
      const [cookie] = login.headers['set-cookie'] ?? [];
      expect(cookie).toMatch(/^sid=/);
      expect(cookie).toMatch(/; Path=\//);
      expect(cookie).toMatch(/; HttpOnly/);
      expect(cookie).toMatch(/; SameSite=Lax/);
      const before = await meOfWorkers(ann);
      expect(before.map(({ user }) => user)).toEqual(['ann', 'ann']);

      // Two requests that change the session at once, and neither loses what the other has written.
      await Promise.all([
        ann.send('POST', '/note?name=first'),
        ann.send('POST', '/note?name=second'),
      ]);
      const { body } = await ann.send('GET', '/notes');
      expect(JSON.parse(body)).toEqual({ user: 'ann', first: true, second: true });

      // Logging in gives a new id, and the old one is worth nothing.
      const stolen = createSessionClient(url);
      stolen.cookie = ann.cookie;
      await ann.send('POST', '/login');
      expect(ann.cookie).not.toBe(stolen.cookie);
      expect(await askMe(stolen)).not.toHaveProperty('user');

      const statuses = await Promise.all(
        Array.from({ length: RATE_LIMIT * 2 }, async () => (await probe(`${url}/limited`)).status),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(RATE_LIMIT);
      expect(statuses.filter((status) => status === 429)).toHaveLength(RATE_LIMIT);

      const [victim] = before;
      process.kill(victim!.pid, 'SIGKILL');
      await fixture.nextEvent('workerExit');
      expect(await askMe(ann)).toMatchObject({ user: 'ann' });
      await fixture.nextEvent('workerReady', ({ workerId }) => workerId === victim!.workerId);
      const after = await meOfWorkers(ann);
      expect(after.map(({ user }) => user)).toEqual(['ann', 'ann']);
      expect(after.map(({ pid }) => pid)).not.toContain(victim!.pid);
      expect((await probe(`${url}/limited`)).status).toBe(429);

      // Logging out ends it everywhere, also for whoever has kept the cookie.
      const kept = createSessionClient(url);
      kept.cookie = ann.cookie;
      await ann.send('POST', '/logout');
      for (const me of await meOfWorkers(kept)) expect(me).not.toHaveProperty('user');
    });
  });
}
