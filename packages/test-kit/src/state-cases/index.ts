// Test process and fixtures: all cases of the state store's contract.
import type { StateStoreCase } from './case.js';
import { closingCases } from './closing.js';
import { expiryCases } from './expiry.js';
import { incrementCases } from './increment.js';
import { keyCases } from './keys.js';
import { leaseCases } from './leases.js';
import { messageCases } from './messages.js';
import { oneTurnCases } from './one-turn.js';
import { prefixCases } from './prefixes.js';
import { valueCases } from './values.js';
import { versionCases } from './versions.js';

export { createCaseContext } from './case.js';
export type { StateCaseContext, StateStoreCase } from './case.js';

export const stateStoreCases: readonly StateStoreCase[] = [
  ...keyCases,
  ...valueCases,
  ...expiryCases,
  ...versionCases,
  ...incrementCases,
  ...oneTurnCases,
  ...prefixCases,
  ...leaseCases,
  ...messageCases,
  ...closingCases,
];
