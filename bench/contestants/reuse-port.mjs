// Runner: processes that each listen for themselves with SO_REUSEPORT, and a script that starts them.
import { isNodeAtLeast } from '../lib/node-version.mjs';
import { startProgram } from './program.mjs';

/** @type {import('./program.mjs').Subject} */
export const reusePort = {
  id: 'reuse-port',
  name: 'Bare reusePort processes',
  unavailable: () =>
    isNodeAtLeast([22, 12], [24, 0]) ? undefined : 'needs Node.js 22.12 or newer',
  start: ({ workers }) => startProgram({ file: 'reuse-port.mjs', workers, reload: 'message' }),
};
