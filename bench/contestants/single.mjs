// Runner: the app as one process, which says what one core does without any help.
import { startProgram } from './program.mjs';

/** @type {import('./program.mjs').Subject} */
export const single = {
  id: 'single',
  name: 'One bare process',
  hasWorkers: false,
  start: () => startProgram({ file: 'single.mjs', workers: 1 }),
};
