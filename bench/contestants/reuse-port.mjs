// Runner: processes that each listen for themselves with SO_REUSEPORT, and a script that starts them.
import { startProgram } from './program.mjs';

/** @type {import('./program.mjs').Subject} */
export const reusePort = {
  id: 'reuse-port',
  name: 'Bare reusePort processes',
  start: ({ workers }) => startProgram({ file: 'reuse-port.mjs', workers, reload: 'message' }),
};
