// A thread that is started for one task.
import { parentPort, workerData } from 'node:worker_threads';
import { echo } from './tasks.mjs';

parentPort.postMessage(echo(workerData));
