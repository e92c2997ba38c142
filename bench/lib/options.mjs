// Runner: the command line.
import os from 'node:os';
import { parseArgs } from 'node:util';

export const usage = `npm run bench [-- [NAME…] [options]]

  NAME                  measurements to run, or the word that several begin with; all without one
  --quick               short runs, to see that everything works; no figures to quote
  --contestants=A,B     only these take part
  --rounds=N            instead of each measurement's own number
  --workers=N           for every contestant; as many as there are cores without it
  --output=FILE         where the result goes, as JSON; bench/results/<time>.json without it
  --node=N              the Node.js major that everything runs on; 24 without it
`;

/** A wrong command line; its message says what to do. */
export class UsageError extends Error {}

/**
 * @param {readonly string[]} argv
 * @param {{ measurements: readonly { id: string, subjects: readonly { id: string }[] }[] }} known
 * @throws {UsageError}
 */
export function parseOptions(argv, { measurements }) {
  const { values, positionals } = parse(argv);
  const measurementIds = measurements.map(({ id }) => id);
  const subjectIds = measurements.flatMap(({ subjects }) => subjects.map(({ id }) => id));
  const groups = measurementIds.map((id) => id.split('-')[0]);
  const contestants = values.contestants?.split(',');
  mustKnow('measurement', positionals, [...new Set([...measurementIds, ...groups])]);
  mustKnow('contestant', contestants ?? [], [...new Set(subjectIds)]);
  return Object.freeze({
    measurements: measurements.filter(
      ({ id }) =>
        positionals.length === 0 ||
        positionals.some((name) => id === name || id.startsWith(`${name}-`)),
    ),
    takesPart: ({ id }) => contestants === undefined || contestants.includes(id),
    mode: values.quick ? 'quick' : 'full',
    rounds: positive('rounds', values.rounds),
    workers: positive('workers', values.workers) ?? os.availableParallelism(),
    output: values.output,
    help: values.help,
  });
}

function parse(argv) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        contestants: { type: 'string' },
        rounds: { type: 'string' },
        workers: { type: 'string' },
        output: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${usage}`, { cause: error });
  }
}

function mustKnow(what, names, known) {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new UsageError(
    `No ${what} is called ${unknown.join(', ')}. There are: ${known.join(', ')}`,
  );
}

function positive(name, text) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`--${name}=${text}: expected a whole number, at least 1`);
}
