// The contestant "bare reusePort processes": the primary, which only starts processes.
import { fork } from 'node:child_process';
import { superviseByHand } from './hand-written.mjs';

superviseByHand(() => fork(new URL('reuse-port-worker.mjs', import.meta.url)));
