// Runner: Corral where slots are not available: its primary accepts, and hands out connections.
import { corralContestant } from './corral.mjs';

export const corralRoundRobin = corralContestant(
  'corral-round-robin',
  'Corral (round-robin)',
  'round-robin',
);
