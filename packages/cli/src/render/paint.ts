// CLI: colours, where a person sees them.

export type Tone = 'good' | 'bad' | 'busy' | 'faint';

/** The text in that colour, or as it is. */
export type Paint = (tone: Tone, text: string) => string;

const CODES: Readonly<Record<Tone, number>> = { good: 32, bad: 31, busy: 33, faint: 2 };

export const plain: Paint = (_tone, text) => text;

export const coloured: Paint = (tone, text) => `\u001B[${CODES[tone]}m${text}\u001B[0m`;

/** Only on a terminal, and not when `NO_COLOR` says anything. */
export function choosePaint(
  isTerminal: boolean,
  { NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): Paint {
  const isWanted = NO_COLOR === undefined || NO_COLOR === '';
  return isTerminal && isWanted && TERM !== 'dumb' ? coloured : plain;
}
