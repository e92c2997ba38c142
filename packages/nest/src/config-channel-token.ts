// Any process that runs the app: `ConfigChannel` as a type and, under the same name, as an injection token.
import type { ConfigChannel as CoreConfigChannel, RegisteredConfig } from '@corral/core';

/**
 * The configuration of the whole cluster, for injection:
 * `constructor(private readonly config: ConfigChannel<AppConfig>) {}`.
 */
export type ConfigChannel<C = RegisteredConfig> = CoreConfigChannel<C>;

// Nest finds a constructor's dependencies by their classes; an interface has none at runtime.
export const ConfigChannel: abstract new () => CoreConfigChannel = class ConfigChannel {} as never;
