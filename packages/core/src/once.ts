// Any process that runs the app: the entry point @corral/core/once, for what only apps with schedules load.
export { createOnceRuns } from './once/once-runs.js';
export { createRunCoordinator } from './once/run-coordinator.js';
export type { OnceRun, OnceRuns, OnceRunsOptions } from './once/once-runs.js';
export type { RunCoordinator } from './once/run-coordinator.js';
