// Any process that runs the app: what a rate limiter's store takes; validated and defaulted once.
import { getCluster } from '../../current-cluster.js';
import { invalidArgument } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { stateNamespace } from '../cluster-state.js';
import { refuseUnknownOptions } from '../known-options.js';
import type { StateStore } from '../state-store.js';

export interface RateCounterOptions {
  /** Where hits are counted. Default: the state of this process's cluster. */
  readonly state?: StateStore;
  /** What keeps the keys of several limiters apart. Default `default`. */
  readonly prefix?: string;
  /**
   * What becomes of requests while the state cannot be reached: `'open'` lets them pass, uncounted, and
   * logs once; `'closed'` makes counting fail, which limiters answer with an error. Default `'open'`: a
   * limiter is there to keep the app serving.
   */
  readonly whenUnavailable?: 'open' | 'closed';
  /** Default: the logger of this process's cluster. */
  readonly logger?: Pick<Logger, 'info' | 'warn'>;
}

const KNOWN = ['state', 'prefix', 'whenUnavailable', 'logger'];

export interface ResolvedRateCounterOptions {
  readonly counts: () => StateStore;
  readonly whenUnavailable: 'open' | 'closed';
  readonly logger: () => Pick<Logger, 'info' | 'warn'>;
}

/** @throws {CorralError} `INVALID_ARGUMENT` */
export function resolveRateCounterOptions(options: RateCounterOptions): ResolvedRateCounterOptions {
  const call = 'createRateCounter()';
  refuseUnknownOptions(options, KNOWN, call);
  const { state, prefix = 'default', whenUnavailable = 'open', logger } = options;
  const check = (option: string, value: unknown, isFine: boolean, expected: string): void => {
    if (!isFine) throw invalidArgument(`${call}, options.${option}`, value, expected);
  };
  const isStore = state === undefined || typeof state?.increment === 'function';
  check('state', state, isStore, 'a StateStore, or nothing');
  check('prefix', prefix, typeof prefix === 'string' && prefix !== '', 'a name, or nothing');
  check(
    'whenUnavailable',
    whenUnavailable,
    ['open', 'closed'].includes(whenUnavailable),
    "'open' or 'closed'",
  );
  return Object.freeze({
    counts: stateNamespace(state, `rate-limits:${prefix}`),
    whenUnavailable,
    logger: () => logger ?? getCluster().logger,
  });
}
