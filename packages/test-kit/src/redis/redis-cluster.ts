// Test process: a real Redis Cluster of a few servers on 127.0.0.1.
import { freePort } from '../free-port.js';
import { waitFor } from '../wait-for.js';
import { startRedisServer } from './redis-server.js';
import type { RedisServer } from './redis-server.js';

export interface RedisCluster {
  readonly masters: readonly RedisServer[];
  /** Takes over when the first master is lost. */
  readonly replica: RedisServer;
  /** For the option `cluster`. */
  readonly nodes: ReadonlyArray<{ readonly host: string; readonly port: number }>;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const slots = 16_384;
const masterCount = 3;
/** How long a node may be silent until it counts as lost, in ms. */
const nodeTimeoutMs = 1_500;

/** Three masters and one replica; resolves when all slots are served and the replica is in step. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: masterCount + 1 }, startNode));
  const servers = nodes.map(({ server }) => server);
  const masters = servers.slice(0, masterCount);
  const [first] = nodes;
  const replica = servers[masterCount];
  if (first === undefined || replica === undefined) throw new Error('a cluster has servers');

  await Promise.all(masters.map(async (server, index) => await giveSlots(server, index)));
  for (const { server } of nodes.slice(1)) {
    await server.call('CLUSTER', 'MEET', host, first.server.port, first.busPort);
  }
  await untilAll(servers, 'CLUSTER INFO', [
    'cluster_state:ok',
    `cluster_known_nodes:${servers.length}`,
  ]);
  await replica.call('CLUSTER', 'REPLICATE', String(await first.server.call('CLUSTER', 'MYID')));
  await untilAll([replica], 'INFO replication', ['master_link_status:up']);

  return {
    masters,
    replica,
    nodes: servers.map(({ port }) => ({ host, port })),
    async close() {
      await Promise.all(servers.map(async (server) => await server.close()));
    },
  };
}

async function startNode(): Promise<{ readonly server: RedisServer; readonly busPort: number }> {
  const busPort = await freePort();
  const server = await startRedisServer({
    settings: {
      'cluster-enabled': 'yes',
      'cluster-port': busPort,
      'cluster-node-timeout': nodeTimeoutMs,
    },
  });
  return { server, busPort };
}

async function giveSlots(server: RedisServer, index: number): Promise<void> {
  const boundary = (part: number): number => Math.ceil((part * slots) / masterCount);
  await server.call('CLUSTER', 'ADDSLOTSRANGE', boundary(index), boundary(index + 1) - 1);
  await server.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
}

async function untilAll(
  servers: readonly RedisServer[],
  command: string,
  expected: readonly string[],
): Promise<void> {
  const [name = '', ...args] = command.split(' ');
  await Promise.all(
    servers.map(
      async (server) =>
        await waitFor(
          async () => {
            const answer = String(await server.call(name, ...args));
            return expected.every((line) => answer.includes(line));
          },
          { what: () => `${command} of ${server.url} to say ${expected.join(', ')}` },
        ),
    ),
  );
}
