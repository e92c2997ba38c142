// Any process: goes through the keys of all masters. The cursor that travels between the steps says where
// it is, and what that place depends on: whoever comes to another set of masters begins anew, and to a
// connection that is a new one, with this master. Keys may come twice; none that stays is left out.
import type { Redis } from 'ioredis';
import { masters, serverName } from './client.js';
import type { RedisClient } from './client.js';

export interface ScanStep {
  /** '' when this was the last step. */
  readonly cursor: string;
  readonly found: readonly string[];
}

interface Place {
  /** The masters that the scan goes through, in this order. */
  readonly names: readonly string[];
  readonly index: number;
  /** The master's connection; a place in one run of a server means nothing to the next. */
  readonly connection: string;
  readonly redisCursor: string;
}

/** @param cursor '' begins */
export async function scanStep(
  client: RedisClient,
  { pattern, cursor, count }: { pattern: string; cursor: string; count: number },
): Promise<ScanStep> {
  const nodes = masters(client);
  const names = nodes.map(serverName);
  const place = resume(cursor, names, nodes);
  const node = nodes[place.index];
  if (node === undefined) return { cursor: '', found: [] };
  const [redisCursor, found] = await node.scan(place.redisCursor, 'MATCH', pattern, 'COUNT', count);
  const next: Place = { names, index: place.index, connection: connectionOf(node), redisCursor };
  return { cursor: redisCursor === '0' ? afterwards(next) : JSON.stringify(next), found };
}

function resume(cursor: string, names: readonly string[], nodes: readonly Redis[]): Place {
  const first: Place = { names, index: 0, connection: '', redisCursor: '0' };
  if (cursor === '') return first;
  const place = JSON.parse(cursor) as Place;
  if (place.names.join() !== names.join()) return first;
  const node = nodes[place.index];
  const isSameRun = node !== undefined && connectionOf(node) === place.connection;
  return isSameRun ? place : { ...place, redisCursor: '0' };
}

/** The beginning of the next master. */
function afterwards({ names, index }: Place): string {
  if (index + 1 >= names.length) return '';
  const next: Place = { names, index: index + 1, connection: '', redisCursor: '0' };
  return JSON.stringify(next);
}

function connectionOf({ stream }: Redis): string {
  return `${stream?.localAddress}:${stream?.localPort}`;
}
