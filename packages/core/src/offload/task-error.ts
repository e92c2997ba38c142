// Both sides of a thread: carries what a task function throws to its caller. Structured clone keeps only
// an error's message and stack.
import { fromErrorInfo, toErrorInfo } from '../error-info.js';
import type { TaskErrorInfo } from './thread-call.js';

/** What {@link toErrorInfo} carries; of codes, those that are texts. */
const ERROR_MEMBERS = new Set(['name', 'message', 'stack', 'cause']);

export function toTaskErrorInfo(thrown: unknown): TaskErrorInfo {
  const members =
    thrown instanceof Error
      ? Object.entries(thrown).filter(
          ([name, value]) =>
            !ERROR_MEMBERS.has(name) &&
            !(name === 'code' && typeof value === 'string') &&
            isPlain(value),
        )
      : [];
  return { ...toErrorInfo(thrown), members: Object.fromEntries(members) };
}

/** The other way: an error with the name, message, code, stack and members of the one that was thrown. */
export function fromTaskErrorInfo({ members, ...info }: TaskErrorInfo): Error {
  return Object.assign(fromErrorInfo(info), members);
}

function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value) || value === null;
}
