// Any process: what a Redis Cluster of ioredis sends without listening to what becomes of it.
import type { Cluster, Redis } from 'ioredis';

/**
 * Before each command for a key that has moved ahead of its slot, ioredis sends ASKING, and nobody hears when that is
 * rejected, as its node is lost: a rejection that is not handled ends the process. The command itself is
 * rejected as well, and heard.
 */
export function hearAsking(client: Cluster): Cluster {
  return client.on('+node', (node: Redis) => {
    const asking = node.asking.bind(node);
    node.asking = () => {
      const asked = asking();
      asked.catch(() => undefined);
      return asked;
    };
  });
}
