// Fixture: what the programs under test use themselves. An entry point of its own, so that they do not load the
// clients and servers of the tests in each of their processes.
export { contractProgram } from './contract-program.js';
export type { ContractProgram, ContractSettings } from './contract-program.js';
export { reportEvent, reportEvents } from './report-events.js';
