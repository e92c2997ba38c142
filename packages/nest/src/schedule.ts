// Any process that runs the app: the entry point @corral/nest/schedule, for apps that use @nestjs/schedule.
export { RunOnce } from './schedule/run-once.js';
export type { RunOnceDecorator } from './schedule/run-once.js';
