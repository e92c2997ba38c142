// Any process of an example: where the shared state is, from the environment.
import type { BootstrapOptions } from '@corral/core';

/**
 * The option of `bootstrap()`: nothing, and the state is embedded in the primary; with `REDIS_URL`, Redis, for
 * more than one machine.
 */
export async function stateOptions(
  { REDIS_URL }: NodeJS.ProcessEnv = process.env,
): Promise<Pick<BootstrapOptions, 'state'>> {
  if (REDIS_URL === undefined || REDIS_URL === '') return {};
  // Loaded only where it is used: it costs every process memory and start-up time.
  const { redisState } = await import('@corral/redis-state');
  return { state: redisState({ url: REDIS_URL }) };
}
