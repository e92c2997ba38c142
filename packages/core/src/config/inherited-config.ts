// Primary: the configuration that a primary leaves to the one that succeeds it in an upgrade: what updates
// have made of it is made of the new program's own, too. Pure.
import type { ConfigIssue } from '../errors.js';
import type { ConfigSnapshot } from './config-holder.js';
import { applyPins } from './config-sources.js';
import type { Pin } from './config-sources.js';
import { isEqual, rebase } from './json-value.js';
import type { Json } from './json-value.js';
import { validateConfig } from './validate-config.js';
import type { ConfigRules } from './validate-config.js';

/** As it travels. */
export interface InheritedConfig {
  readonly version: number;
  /** What code, file and environment say, as JSON. */
  readonly base: string;
  /** What is in force, as JSON. */
  readonly current: string;
}

export interface Succession {
  readonly snapshot: ConfigSnapshot;
  /** Why the program begins with its own. */
  readonly refused?: readonly ConfigIssue[];
}

/**
 * What a new program begins with. The version stays with a configuration that is the same, and grows otherwise.
 *
 * @param own what the program's own sources say
 */
export function succeedConfig(
  { version, base, current }: InheritedConfig,
  own: Json,
  definition: ConfigRules,
  pins: readonly Pin[],
): Succession {
  const before = JSON.parse(current) as Json;
  const updated = applyPins(rebase(own, JSON.parse(base) as Json, before), pins);
  const validated = validateConfig(definition, updated);
  const value = validated.ok ? validated.value : own;
  return {
    snapshot: { version: isEqual(value, before) ? version : version + 1, value },
    ...(validated.ok ? {} : { refused: validated.issues }),
  };
}
