// A thread: what task modules may import, as @corral/core/task. Small, for every thread loads it.
export { transfer } from './transfer.js';
