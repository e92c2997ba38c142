// Test process: a master, its replica and three Sentinels that watch them, on 127.0.0.1.
import { waitFor } from '../wait-for.js';
import { startRedisServer } from './redis-server.js';
import type { RedisServer } from './redis-server.js';

export interface RedisSentinels {
  readonly master: RedisServer;
  /** Takes over when the master is lost. */
  readonly replica: RedisServer;
  /** For the option `sentinels`. */
  readonly sentinels: ReadonlyArray<{ readonly host: string; readonly port: number }>;
  /** For the option `name`. */
  readonly name: string;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const name = 'group';
/** How many Sentinels must agree that the master is lost. */
const quorum = 2;
/** How long the master may be silent until it counts as lost, in ms. */
const downAfterMs = 1_500;

/** Resolves when the Sentinels know one another and the replica. */
export async function startRedisSentinels(): Promise<RedisSentinels> {
  const master = await startRedisServer();
  const replica = await startRedisServer({ settings: { replicaof: `${host} ${master.port}` } });
  await untilFollowed(master);
  const sentinels = await Promise.all(
    Array.from(
      { length: 3 },
      async () =>
        await startRedisServer({
          mode: 'sentinel',
          settings: {
            'sentinel monitor': `${name} ${host} ${master.port} ${quorum}`,
            'sentinel down-after-milliseconds': `${name} ${downAfterMs}`,
            'sentinel failover-timeout': `${name} 3000`,
          },
        }),
    ),
  );
  await Promise.all(sentinels.map(untilInformed));
  return {
    master,
    replica,
    sentinels: sentinels.map(({ port }) => ({ host, port })),
    name,
    async close() {
      const all = [...sentinels, replica, master];
      await Promise.all(all.map(async (server) => await server.close()));
    },
  };
}

/** A Sentinel asks its master for replicas when it starts, and then not for 10 s. */
async function untilFollowed(master: RedisServer): Promise<void> {
  await waitFor(
    async () => String(await master.call('INFO', 'replication')).includes('state=online'),
    { what: () => `the master ${master.url} to have a replica` },
  );
}

async function untilInformed(sentinel: RedisServer): Promise<void> {
  await waitFor(
    async () => {
      const facts = String(await sentinel.call('INFO', 'sentinel'));
      return facts.includes('status=ok') && facts.includes('slaves=1,sentinels=3');
    },
    { what: () => `the Sentinel ${sentinel.url} to know the others` },
  );
}
