// Primary: what a primary passes on to the one that succeeds it in an upgrade: descriptors as stdio
// entries, and in the environment what they are.
import * as z from '../zod.js';
import { inheritanceInvalid } from '../errors.js';
import type { HandedOver } from './listener-group.js';

/** One address's sockets, on their way from one primary to the next. */
export interface InheritedListener extends HandedOver {
  readonly key: string;
  readonly kind: 'slots' | 'dispatcher';
}

/** How many workers a primary has. */
export interface InheritedWorkers {
  readonly desired: number;
  /** What its options had said; `range`: anything in one. */
  readonly asked: number | 'range';
}

export interface Inheritance {
  readonly generation: number;
  readonly workers?: InheritedWorkers;
  readonly listeners: readonly InheritedListener[];
}

const VARIABLE = 'CORRAL_INHERITANCE';
/** Behind stdin, stdout, stderr and the channel to the predecessor. */
const FIRST_FD = 4;

const schema: z.ZodType<Inheritance> = z.object({
  generation: z.int().min(1),
  workers: z
    .object({ desired: z.int().min(1), asked: z.union([z.int().min(1), z.literal('range')]) })
    .exactOptional(),
  listeners: z.array(
    z.object({
      key: z.string(),
      kind: z.enum(['slots', 'dispatcher']),
      fds: z.array(z.int().min(FIRST_FD)),
      bound: z.object({ address: z.string(), family: z.string(), port: z.int() }).exactOptional(),
    }),
  ),
});

/** @returns the descriptors to pass on as stdio from 4 on, and the variable that tells what they are */
export function bequeath(
  generation: number,
  workers: InheritedWorkers,
  listeners: readonly InheritedListener[],
): { readonly fds: readonly number[]; readonly env: Readonly<Record<string, string>> } {
  const fds = listeners.flatMap((listener) => listener.fds);
  let next = FIRST_FD;
  const inheritance: Inheritance = {
    generation,
    workers,
    listeners: listeners.map((listener) => ({
      ...listener,
      fds: listener.fds.map(() => next++),
    })),
  };
  return { fds, env: { [VARIABLE]: JSON.stringify(inheritance) } };
}

/**
 * What this process has inherited, if anything. Takes the variable out of the environment, so that no
 * other process believes to have inherited the same.
 *
 * @throws {CorralError} `INHERITANCE_INVALID`
 */
export function takeInheritance(env: NodeJS.ProcessEnv = process.env): Inheritance | undefined {
  const text = env[VARIABLE];
  delete env[VARIABLE];
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw inheritanceInvalid(VARIABLE, error);
  }
}
