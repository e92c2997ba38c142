// Any process: `cluster.config`, on top of what this process holds.
import { configMissing } from '../errors.js';
import { checkListener, checkUpdateOptions } from './config-arguments.js';
import type { CheckedUpdateOptions } from './config-arguments.js';
import type { ConfigChannel, ConfigUpdateReport } from './config-channel.js';
import type { ConfigHolder } from './config-holder.js';

/** @param update takes a patch, or a function from the current value to the next */
export function createConfigChannel(
  holder: ConfigHolder,
  update: (change: unknown, options: CheckedUpdateOptions) => Promise<ConfigUpdateReport>,
): ConfigChannel {
  return {
    get current() {
      return holder.current.value;
    },
    get version() {
      return holder.current.version;
    },
    update: async (change, options) => await update(change, checkUpdateOptions(options)),
    subscribe: (listener) => holder.subscribe(checkListener(listener)),
  };
}

/** Of a cluster without a configuration. */
export function createMissingConfig(): ConfigChannel {
  return {
    current: Object.freeze({}),
    version: 0,
    update: async () => await Promise.reject(configMissing('cluster.config.update()')),
    subscribe: (listener) => {
      checkListener(listener);
      return () => undefined;
    },
  };
}
