// Both sides: what came of a request, in a shape that travels.
import { toErrorInfo } from '../error-info.js';
import { CorralError, remoteError } from '../errors.js';
import type { Outcome } from './messages.js';

/** Never rejects. */
export async function toOutcome(result: Promise<unknown>): Promise<Outcome> {
  try {
    return { ok: true, value: await result };
  } catch (thrown) {
    return toFailure(thrown);
  }
}

export function toFailure(thrown: unknown): Outcome {
  const details = thrown instanceof CorralError ? thrown.details : undefined;
  return { ok: false, error: toErrorInfo(thrown), details };
}

/** The other way of {@link toOutcome}. */
export function fromOutcome(outcome: Outcome): unknown {
  if (outcome.ok) return outcome.value;
  throw remoteError(outcome.error, outcome.details);
}
