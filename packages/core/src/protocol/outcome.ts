// Both sides: what came of a request, in a shape that travels.
import { toErrorInfo } from '../error-info.js';
import { ConfigConflictDetails, CorralError, remoteError, responderFailed } from '../errors.js';
import { findUncloneable } from '../values/cloneable.js';
import type { Failure, Outcome } from './messages.js';

/** Never rejects. */
export async function toOutcome(result: Promise<unknown>): Promise<Outcome> {
  try {
    return { ok: true, value: await result };
  } catch (thrown) {
    return toFailure(thrown);
  }
}

export function toFailure(thrown: unknown): Failure {
  const details = toPlain(thrown instanceof CorralError ? thrown.details : undefined);
  // An app may make errors of ours, too. Without this the answer could not be sent at all.
  const canTravel = findUncloneable(details) === undefined;
  return { ok: false, error: toErrorInfo(thrown), details: canTravel ? details : undefined };
}

/** The other way of {@link toOutcome}. */
export function fromOutcome(outcome: Outcome): unknown {
  if (outcome.ok) return outcome.value;
  const { error, details: plain, isResponders } = outcome;
  const details = error.code === 'CONFIG_CONFLICT' ? fromPlain(plain) : plain;
  throw isResponders === true ? responderFailed(error, details) : remoteError(error, details);
}

/** Loggers must not see the value in it, but the other side needs it. */
function toPlain(details: unknown): unknown {
  if (!(details instanceof ConfigConflictDetails)) return details;
  return { version: details.version, value: details.value };
}

function fromPlain(details: unknown): unknown {
  return typeof details === 'object' && details !== null
    ? new ConfigConflictDetails(details as ConfigConflictDetails)
    : details;
}
