// Primary: one that has been started by another to succeed it in an upgrade: what it gets from there, and when.
import type { InheritedConfig } from '../config/inherited-config.js';
import type { Logger } from '../logger.js';
import { followState } from './state-move.js';
import type { EmbeddedState } from './primary-state.js';
import { createUpgradeLink } from './upgrade-link.js';

export interface Predecessor {
  /** What its configuration was when this process began. */
  readonly config: InheritedConfig | undefined;
  readonly hasState: boolean;
  /** To be called if it has a state: until this process has succeeded, it is there. */
  followState(embedded: EmbeddedState): void;
  /**
   * Says that this process serves, and takes over what the predecessor has.
   *
   * @param onYours called when everything is this process's: with what the configuration has become meanwhile
   * @returns when the predecessor has let go of everything, or has gone
   */
  succeed(onYours: (config: InheritedConfig | undefined) => void): Promise<void>;
}

/** Asks the predecessor what there is; with undefined when it has gone. */
export async function meetPredecessor(logger: Logger): Promise<Predecessor | undefined> {
  const link = createUpgradeLink(process, logger);
  const welcomed = link.next('welcome');
  link.send({ type: 'hello' });
  const welcome = await Promise.race([welcomed, link.closed]);
  if (welcome === undefined) return undefined;
  let ownState: (() => void) | undefined;

  return {
    config: welcome.config,
    hasState: welcome.hasState,
    followState(embedded) {
      ownState = followState(embedded, link, logger);
    },
    async succeed(onYours) {
      const released = link.next('released');
      link.on('yours', ({ config }) => {
        ownState?.();
        onYours(config);
      });
      link.send({ type: 'ready', wantsState: ownState !== undefined });
      await Promise.race([released, link.closed]);
    },
  };
}
