// Any process of an example: what the three examples share. Explicit named exports, no logic.
export { adminOptions } from './admin.js';
export { MAX_N, offloadCalculation, readN } from './calculate.js';
export type { ReadN } from './calculate.js';
export { printBanner } from './banner.js';
export { config, readLogLevel } from './log-level.js';
export type { LogLevel, ReadLogLevel } from './log-level.js';
export { readSessionSecret } from './session-secret.js';
export { readSettings } from './settings.js';
export type { Settings } from './settings.js';
export { readUser } from './read-user.js';
export type { ReadUser } from './read-user.js';
export { stateOptions } from './state.js';
