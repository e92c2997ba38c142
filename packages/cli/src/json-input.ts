// CLI: the JSON that a command is given in a file, or on its standard input.
import type { Io } from './command.js';
import { inputNotJson, inputUnreadable, wrongUsage } from './errors.js';

export interface JsonInput {
  /** As it was given. */
  readonly text: string;
  readonly value: unknown;
}

/** @throws {CliError} `USAGE` */
export async function readJsonInput(io: Pick<Io, 'readInput'>, file: string): Promise<JsonInput> {
  const name = file === '-' ? 'the standard input' : file;
  if (/\.ya?ml$/i.test(file)) {
    throw wrongUsage(`${name}: expected JSON; this command does not read YAML`);
  }
  const text = (await read(io, file, name)).replace(/^\uFEFF/, '');
  try {
    return { text, value: JSON.parse(text) };
  } catch (error) {
    throw inputNotJson(name, positionIn(text, error), error);
  }
}

async function read(io: Pick<Io, 'readInput'>, file: string, name: string): Promise<string> {
  try {
    return await io.readInput(file);
  } catch (error) {
    throw inputUnreadable(name, error);
  }
}

/** `:3:5`, when the parser has told where it stopped; where it quotes the text instead, nothing. */
function positionIn(text: string, error: unknown): string {
  const offset = /\bposition (\d+)/.exec((error as Error).message)?.[1];
  if (offset === undefined) return '';
  const before = text.slice(0, Number(offset)).split('\n');
  return `:${before.length}:${(before.at(-1) ?? '').length + 1}`;
}
