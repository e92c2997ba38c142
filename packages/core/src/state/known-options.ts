// Any process that runs the app: finds options that do not exist, so that a typing error is no silent default.
import { invalidArgument } from '../errors.js';

/**
 * @param call the function that the user called, for the error
 * @throws {CorralError} `INVALID_ARGUMENT`, naming the first option that is none
 */
export function refuseUnknownOptions(
  options: object,
  known: readonly string[],
  call: string,
): void {
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown === undefined) return;
  throw invalidArgument(
    `${call}, options.${unknown}`,
    Reflect.get(options, unknown),
    'no such option; check its spelling',
  );
}
