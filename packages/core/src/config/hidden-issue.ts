// Any process: what is shown of a schema's complaint when it may quote a secret: valibot and arktype put the value
// into the message, and so may an app's own. Pure.
import type { SchemaIssue } from './standard-schema.js';

/** @param names where the issue is, from the root on */
export function issueMessage(
  issue: SchemaIssue,
  names: readonly string[],
  secrets: readonly string[],
): string {
  const concerned = secrets.find((path) => touches(path.split('.'), names));
  if (concerned === undefined) return issue.message;
  const isAbove = concerned.split('.').length > names.length;
  // The mistake that is made most, as zod tells it. Names are no secrets.
  const { code, keys } = issue as { readonly code?: unknown; readonly keys?: unknown };
  if (isAbove && code === 'unrecognized_keys' && Array.isArray(keys)) {
    return `has what the schema does not know: ${keys.map(String).join(', ')}`;
  }
  return `is not valid (its message is hidden: ${isAbove ? 'there is a secret in it' : 'a secret'})`;
}

/** Whether one is the other, or is in it. */
function touches(secret: readonly string[], names: readonly string[]): boolean {
  const length = Math.min(secret.length, names.length);
  return secret.slice(0, length).every((part, index) => part === '*' || part === names[index]);
}
