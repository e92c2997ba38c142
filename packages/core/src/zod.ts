// Any process: the parts of zod that Corral uses. The build bundles them, without the rest of zod: loading all of
// it takes each process 100 ms of CPU time and 10 MiB, most of them for messages in fifty languages, in the
// primary and in each worker.
export {
  array,
  boolean,
  custom,
  discriminatedUnion,
  enum,
  instanceof,
  int,
  literal,
  number,
  object,
  prettifyError,
  strictObject,
  string,
  union,
  unknown,
} from 'zod';
export type { core, infer, ZodNumber, ZodType } from 'zod';
