// Test process: moves a slot of a Redis Cluster from one master to another, as resharding does.
import type { RedisCluster } from './redis-cluster.js';
import type { RedisServer } from './redis-server.js';

export interface SlotMove {
  readonly slot: number;
  readonly from: RedisServer;
  readonly to: RedisServer;
}

/** How many keys move at once. */
const STEP_KEYS = 10;
const MIGRATE_TIMEOUT_MS = 5_000;

/**
 * Resolves when all masters know the slot's new place.
 *
 * @param between is awaited after each step: with all keys still there, with some gone, which are then asked for
 *   at the other, and when only one of the two knows who has it
 */
export async function moveSlot(
  { masters }: RedisCluster,
  { slot, from, to }: SlotMove,
  between: () => Promise<unknown>,
): Promise<void> {
  const [fromId, toId] = await Promise.all(
    [from, to].map(async (server) => String(await server.call('CLUSTER', 'MYID'))),
  );
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(fromId));
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(toId));
  await between();
  for (;;) {
    const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, STEP_KEYS)) as string[];
    if (keys.length === 0) break;
    const place = ['127.0.0.1', to.port, '', 0, MIGRATE_TIMEOUT_MS] as const;
    await from.call('MIGRATE', ...place, 'KEYS', ...keys);
    await between();
  }
  const others = masters.filter((each) => each !== to && each !== from);
  for (const server of [to, from, ...others]) {
    await server.call('CLUSTER', 'SETSLOT', slot, 'NODE', String(toId));
    await between();
  }
}
