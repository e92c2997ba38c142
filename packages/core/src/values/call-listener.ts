// Any process: calls what an app has given to be called, and whose outcome nobody waits for.
import { isThenable } from './thenable.js';

/** What it throws goes to `onError`, and so does what it rejects with: nobody else would handle it. */
export function callListener(call: () => unknown, onError: (error: unknown) => void): void {
  try {
    const returned = call();
    if (isThenable(returned)) returned.then(undefined, onError);
  } catch (error) {
    onError(error);
  }
}
