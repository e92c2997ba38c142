// Runner: Corral where the kernel balances. Linux, Node.js 24.19 or 26.4 and newer.
import { corralContestant } from './corral.mjs';

export const corralSlots = corralContestant('corral-slots', 'Corral (slots)', 'slots');
