// Threads of workerpool, which wants its functions to be registered.
import { peerFile } from '../../lib/peers.mjs';
import { echo } from './tasks.mjs';

const { default: workerpool } = await import(peerFile('workerpool/src/index.js'));
workerpool.worker({ echo });
