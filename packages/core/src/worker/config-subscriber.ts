// Worker: the configuration in this worker: begins with the newest version, and answers every later one.
import type { ConfigChannel, ConfigUpdateReport } from '../config/config-channel.js';
import { checkChange } from '../config/config-arguments.js';
import type { CheckedUpdateOptions } from '../config/config-arguments.js';
import { createConfigHolder } from '../config/config-holder.js';
import type { ConfigHolder, ConfigSnapshot } from '../config/config-holder.js';
import { createConfigChannel } from '../config/create-config-channel.js';
import type { ConfigDefinition } from '../config/define-config.js';
import type { Json } from '../config/json-value.js';
import { requireValid, validateAgain } from '../config/validate-config.js';
import { toErrorInfo } from '../error-info.js';
import { configMissing, CorralError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ConfigText, ToWorker } from '../protocol/messages.js';
import { timerMs } from '../values/timer-ms.js';
import type { PrimaryLink } from './primary-link.js';

/** An update may have to wait for others. */
const QUEUE_TIMEOUT_MS = 30_000;

export interface ConfigSubscriber {
  /** Resolves with the channel, which has the newest version. To be awaited before the app runs. */
  readonly channel: Promise<ConfigChannel>;
  onMessage(message: Extract<ToWorker, { type: 'config' }>): void;
}

export function subscribeToConfig(
  definition: ConfigDefinition,
  bootTimeoutMs: number,
  link: Pick<PrimaryLink, 'request' | 'send'>,
  logger: Logger,
): ConfigSubscriber {
  /** With this worker's own schema, which a reload may have made newer than the primary's. */
  const read = ({ version, text }: ConfigText): ConfigSnapshot => ({
    version,
    value: requireValid(`configuration ${version}`, validateAgain(definition, text)),
  });

  const begin = async (): Promise<ConfigHolder> => {
    const newest = await link.request({ name: 'config' }, bootTimeoutMs);
    // One that was started by a program without a configuration.
    if (newest === undefined) throw configMissing('the primary');
    return createConfigHolder(read(newest as ConfigText), logger);
  };
  const holder = begin();
  holder.catch(() => undefined);

  const request = async (
    kind: 'patch' | 'whole',
    text: string,
    options: CheckedUpdateOptions,
  ): Promise<ConfigUpdateReport> => {
    const deadlineMs = timerMs(2 * options.timeoutMs + QUEUE_TIMEOUT_MS);
    const call = { name: 'updateConfig', kind, text, ...options } as const;
    return (await link.request(call, deadlineMs)) as ConfigUpdateReport;
  };

  /** A function cannot travel: it runs here, again and again until nobody was faster. */
  const updateBy = async (
    change: (current: Json) => unknown,
    options: CheckedUpdateOptions,
  ): Promise<ConfigUpdateReport> => {
    let { current } = await holder;
    for (;;) {
      const expectedVersion = options.expectedVersion ?? current.version;
      try {
        const text = checkChange(change(current.value));
        return await request('whole', text, { ...options, expectedVersion });
      } catch (error) {
        const isConflict = error instanceof CorralError && error.code === 'CONFIG_CONFLICT';
        if (!isConflict || options.expectedVersion !== undefined) throw error;
        current = error.details as ConfigSnapshot;
      }
    }
  };

  return {
    channel: holder.then((held) =>
      createConfigChannel(held, async (change, options) =>
        typeof change === 'function'
          ? await updateBy(change as (current: Json) => unknown, options)
          : await request('patch', checkChange(change), options),
      ),
    ),
    onMessage(message) {
      const { version, timeoutMs } = message;
      void holder
        .then(async (held) => await held.apply(read(message), timeoutMs))
        .then(
          () => link.send({ type: 'configAnswer', version }),
          (thrown: unknown) =>
            link.send({ type: 'configAnswer', version, error: toErrorInfo(thrown) }),
        );
    },
  };
}
