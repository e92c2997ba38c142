// Runner: Corral where the kernel balances. Linux, Node.js 24.19 or 26.4 and newer.
import net from 'node:net';
import { corralContestant } from './corral.mjs';

/** @type {import('./program.mjs').Subject} */
export const corralSlots = {
  ...corralContestant('corral-slots', 'Corral (slots)', 'slots'),
  unavailable: () =>
    process.platform === 'linux' && 'BoundSocket' in net
      ? undefined
      : 'needs Linux and Node.js 24.19 or 26.4',
};
