// CLI: what the command line asks for. Pure.
import { parseArgs } from 'node:util';
import type { Command, CommandOptions } from './command.js';
import { wrongUsage } from './errors.js';

/** Whose usage is shown: a command's, that of a group of them (`config`), or for '' the program's. */
export type UsageTopic = Command | string;

export type CommandLine =
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly topic: UsageTopic }
  /** Nothing is run; the topic is what helps. */
  | { readonly kind: 'wrong'; readonly topic: UsageTopic; readonly message: string }
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly operands: readonly string[];
      readonly admin: string | undefined;
      readonly timeoutMs: number;
      readonly options: CommandOptions;
    };

/** Longer than a change that is taken back may take. */
export const DEFAULT_TIMEOUT_MS = 15_000;
const MAX_TIMEOUT_MS = 2_147_483_647;

const OPTIONS = {
  admin: { type: 'string' },
  'timeout-ms': { type: 'string' },
  json: { type: 'boolean' },
  'expect-version': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

type Values = ReturnType<typeof parse>['values'];

export function readCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
): CommandLine {
  const [first, ...rest] = looseWords(argv);
  const words = first === undefined || first === 'help' ? rest : [first, ...rest];
  const topic = topicOf(words, commands);
  try {
    const { values, positionals } = parse(argv);
    if (values.version === true) return { kind: 'version' };
    const asksForHelp = values.help === true || first === 'help';
    if (asksForHelp && (typeof topic !== 'string' || words.join(' ') === topic)) {
      return { kind: 'help', topic };
    }
    if (typeof topic === 'string') throw wrongUsage(describeMissing(words, topic));
    const operands = positionals.slice(topic.name.split(' ').length);
    requireOperands(topic, operands);
    return { kind: 'run', command: topic, operands, ...readOptions(topic, values) };
  } catch (error) {
    return { kind: 'wrong', topic, message: messageOf(error) };
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
}

/** What is no option, also when options are wrong. */
function looseWords(argv: readonly string[]): readonly string[] {
  const config = { args: [...argv], options: OPTIONS, allowPositionals: true, strict: false };
  return parseArgs(config).positionals;
}

function topicOf(words: readonly string[], commands: readonly Command[]): UsageTopic {
  const command = commands.find(({ name }) =>
    name.split(' ').every((word, index) => words[index] === word),
  );
  const [group = ''] = words;
  const isGroup = commands.some(({ name }) => name.startsWith(`${group} `));
  return command ?? (isGroup ? group : '');
}

function describeMissing(words: readonly string[], group: string): string {
  const known = group === '' ? 0 : 1;
  const unknown = words[known];
  if (unknown === undefined) return group === '' ? 'which command?' : `${group}: which command?`;
  return `unknown command '${words.slice(0, known + 1).join(' ')}'`;
}

function requireOperands(command: Command, given: readonly string[]): void {
  const { name, operands, minOperands, maxOperands } = command;
  if (given.length < minOperands) throw wrongUsage(`${name}: ${operands} is missing`);
  const surplus = given[maxOperands];
  if (surplus !== undefined) throw wrongUsage(`${name}: '${surplus}' is too much`);
}

function readOptions(
  command: Command,
  values: Values,
): Pick<CommandLine & { kind: 'run' }, 'admin' | 'timeoutMs' | 'options'> {
  for (const name of ['json', 'expect-version'] as const) {
    if (values[name] !== undefined && !command.options.includes(name)) {
      throw wrongUsage(`${command.name} has no option --${name}`);
    }
  }
  const { admin, json = false } = values;
  const expectedVersion = readWhole('expect-version', values['expect-version'], 0, 1e15 - 1);
  const timeoutMs = readWhole('timeout-ms', values['timeout-ms'], 1, MAX_TIMEOUT_MS);
  return {
    admin,
    timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
    options: { json, expectedVersion },
  };
}

function readWhole(
  name: keyof Values,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw wrongUsage(`--${name}: got '${text}'; expected a whole number, ${min}…${max}`);
}

/** Without what Node's parser adds of advice, which is about other programs. */
function messageOf(error: unknown): string {
  const [line = ''] = (error as Error).message.split('\n');
  const [said = ''] = line.split('. To specify');
  return said.charAt(0).toLowerCase() + said.slice(1);
}
