// CLI: what a command is, and what of the outside it gets. Types only.
import type { AdminClient } from './admin-client.js';
import type { Exchange } from './http-exchange.js';
import type { Paint } from './render/paint.js';

/** The outside, as the program reaches it. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly paint: Paint;
  /** Whether results are shown on one. */
  readonly isTerminal: boolean;
  readonly exchange: Exchange;
  /** Results. */
  out(text: string): void;
  /** What went wrong, and what is said beside a result. */
  err(text: string): void;
  /** The text of a file, or of the standard input for `-`. */
  readInput(file: string): Promise<string>;
}

/** The options that are a command's own business. */
export interface CommandOptions {
  readonly json: boolean;
  readonly expectedVersion: number | undefined;
}

export interface Call {
  readonly operands: readonly string[];
  readonly options: CommandOptions;
  readonly client: AdminClient;
  readonly io: Io;
}

export interface Command {
  /** As it is typed: `config set`. */
  readonly name: string;
  /** As the usage shows them; '' when it takes none. */
  readonly operands: string;
  readonly minOperands: number;
  readonly maxOperands: number;
  readonly summary: string;
  /** Beside those that every command takes. */
  readonly options: ReadonlyArray<'json' | 'expect-version'>;
  /** What its help says more. */
  readonly notes: string;
  /**
   * Resolves with whether all is well, which makes the exit code 0 or 1.
   *
   * @throws {CliError}
   */
  run(call: Call): Promise<boolean>;
}
