// Test process and fixtures: what Corral's own tests share. Explicit named exports, no logic.
export { contractProgram } from './contract-program.js';
export type { ContractProgram, ContractSettings } from './contract-program.js';
export { isFixtureEvent } from './fixture-event.js';
export type { FixtureEvent } from './fixture-event.js';
export { freePort } from './free-port.js';
export { probe, ProbeError, probeJson } from './http-probe.js';
export type { ProbeOptions, ProbeResponse } from './http-probe.js';
export { keepAliveAgent, startLoad, WORKER_ID_HEADER } from './load-client.js';
export type { Load, LoadFailure, LoadOptions, LoadReport } from './load-client.js';
export { childrenOf, descendantsOf, isAlive, processState, waitUntilGone } from './processes.js';
export { reportEvent, reportEvents } from './report-events.js';
export { spawnFixture } from './spawn-fixture.js';
export type { Fixture, FixtureExit, FixtureOptions } from './spawn-fixture.js';
export { createCaseContext } from './state-cases/case.js';
export type { StateCaseContext, StateStoreCase } from './state-cases/case.js';
export { stateStoreCases } from './state-cases/index.js';
export { waitFor } from './wait-for.js';
export type { WaitForOptions } from './wait-for.js';
