// Any process of an example: the end of a program that was started wrong.

export function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
