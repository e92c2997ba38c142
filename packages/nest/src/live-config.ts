// Any process that runs the app: the cluster's configuration as an object that is always the newest.
import { getCluster } from '@corral/core';
import type { ConfigChannel } from '@corral/core';

/**
 * An object with the properties of `cluster.config.current`, whatever that is at the moment. For
 * `@nestjs/config`, which keeps what it has loaded, and reads it anew at each `get()`:
 *
 * ```ts
 * ConfigModule.forRoot({ load: [registerAs('app', () => liveConfig())] })
 * configService.get('app.log.level')
 * ```
 *
 * @param channel default: that of this process's cluster
 */
export function liveConfig(channel?: Pick<ConfigChannel, 'current'>): Record<string, unknown> {
  // Looked up anew: this may be called before `bootstrap()` has made the cluster.
  const current = (): object => (channel ?? getCluster().config).current as object;
  return new Proxy<Record<string, unknown>>(
    {},
    {
      get: (_target, name): unknown => Reflect.get(current(), name),
      has: (_target, name) => Reflect.has(current(), name),
      ownKeys: () => Reflect.ownKeys(current()),
      getOwnPropertyDescriptor(_target, name) {
        const found = Reflect.getOwnPropertyDescriptor(current(), name);
        // What a proxy shows must not be more lasting than what its target has.
        return found === undefined ? undefined : { ...found, configurable: true };
      },
      // As frozen as the configuration itself.
      set: () => false,
      defineProperty: () => false,
      deleteProperty: () => false,
    },
  );
}
