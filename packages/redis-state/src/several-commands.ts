// Any process: calls that are more than one command, of which a part may be executed and another not.
import { PartlyRefused, isReply } from './errors.js';

/** How many keys go into one step of a long operation, so that other calls have their turn between. */
export const STEP_KEYS = 500;

/**
 * Settles when all have, so that it can be said what became of them.
 *
 * @throws what one of them was rejected with; {@link PartlyRefused} where others were executed
 */
export async function together<T>(commands: ReadonlyArray<Promise<T>>): Promise<T[]> {
  const outcomes = await Promise.allSettled(commands);
  const values: T[] = [];
  const errors: unknown[] = [];
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') values.push(outcome.value);
    else errors.push(outcome.reason);
  }
  if (errors.length === 0) return values;
  // What was lost on the way may have been executed: that says more than a refusal.
  const lost = errors.find((error) => !isReply(error));
  if (lost !== undefined) throw lost;
  throw values.length === 0 ? errors[0] : new PartlyRefused(errors[0]);
}

/**
 * Applies `step` to some of the items after the others, and puts the results together.
 *
 * @param onLaterError makes the error of a step that comes after one that was executed
 */
export async function inSteps<T, R>(
  items: readonly T[],
  step: (some: readonly T[]) => Promise<readonly R[]>,
  onLaterError: (error: unknown) => unknown = (error) => error,
): Promise<readonly R[]> {
  if (items.length <= STEP_KEYS) return await step(items);
  const results: R[] = [];
  for (let from = 0; from < items.length; from += STEP_KEYS) {
    try {
      results.push(...(await step(items.slice(from, from + STEP_KEYS))));
    } catch (error) {
      throw from === 0 ? error : onLaterError(error);
    }
  }
  return results;
}
