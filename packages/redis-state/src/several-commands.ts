// Any process: calls that are more than one command, of which a part may be executed and another not.
import { PartlyRefused, isReply } from './errors.js';

/** How many keys go into one step of a long operation, so that other calls have their turn between. */
export const STEP_KEYS = 500;

/** About how much an answer is to have where nobody knows how large the values are. */
const GROUP_BYTES = 1024 * 1024;
const FIRST_GROUP = 16;
/** The values before say little of those that come. */
const GROWTH = 4;

/**
 * Settles when all have, so that it can be said what became of them.
 *
 * @throws as {@link requireAll}
 */
export async function together<T>(commands: ReadonlyArray<Promise<T>>): Promise<readonly T[]> {
  const outcomes = commands.map(
    async (command) => await command.catch((reason: unknown) => reason as Error),
  );
  return requireAll(await Promise.all(outcomes));
}

/**
 * @returns the outcomes, when none is an error
 * @throws one of the errors; {@link PartlyRefused} where not all are
 */
export function requireAll<T>(outcomes: ReadonlyArray<T | Error>): readonly T[] {
  const errors = outcomes.filter((outcome) => outcome instanceof Error);
  const [first] = errors;
  if (first === undefined) return outcomes as readonly T[];
  // What was lost on the way may have been executed: that says more than a refusal.
  const lost = errors.find((error): boolean => !isReply(error));
  if (lost !== undefined) throw lost;
  throw errors.length === outcomes.length ? first : new PartlyRefused(first);
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

/**
 * Reads values of which nobody knows how large they are: a group is as large as those before allow. In one
 * answer, a page of large ones would take longer than a call may, and Redis had nothing for anybody else.
 */
export async function inGroups<T, R>(
  items: readonly T[],
  read: (some: readonly T[]) => Promise<readonly R[]>,
  sizeOf: (value: R) => number,
): Promise<R[]> {
  const values: R[] = [];
  let count = FIRST_GROUP;
  for (let from = 0; from < items.length;) {
    const group = await read(items.slice(from, from + count));
    values.push(...group);
    from += count;
    const bytes = group.reduce((sum, value) => sum + sizeOf(value), 0);
    const fitting = Math.floor((GROUP_BYTES * group.length) / Math.max(bytes, 1));
    count = Math.max(1, Math.min(fitting, GROWTH * count));
  }
  return values;
}
