// Any process: runs a script by its hash, and sends it whole to servers that do not know it. Not by ioredis's
// `defineCommand`, which would leave its methods on a client of the user's.
import type { Way } from './connection.js';
import { isReply } from './errors.js';
import type { Script } from './scripts.js';

export type ScriptArgument = string | number | Buffer;

/** ioredis has these, but its types do not. */
interface ScriptCommands {
  evalBuffer(lua: string, keys: number, ...keysAndArgs: ScriptArgument[]): Promise<unknown>;
  evalshaBuffer(sha: string, keys: number, ...keysAndArgs: ScriptArgument[]): Promise<unknown>;
}

/** The answer, with Buffers for strings. */
export function runScript(
  { client, isAwaited, knownScripts }: Way,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<unknown> {
  const commands = client as unknown as ScriptCommands;
  if (knownScripts?.has(sha) === false) {
    // Whole, the first time: a server that does not know it would get it later than what is sent after it.
    knownScripts.add(sha);
    return commands.evalBuffer(lua, keys.length, ...keys, ...args).catch((error: unknown) => {
      knownScripts.delete(sha);
      throw error;
    });
  }
  return commands.evalshaBuffer(sha, keys.length, ...keys, ...args).catch((error: unknown) => {
    // The server is a new one, was restarted, or has become the primary. It has executed nothing.
    if (!isReply(error) || !error.message.startsWith('NOSCRIPT')) throw error;
    // What its caller has done next may have been executed by now.
    if (!isAwaited()) throw error;
    return commands.evalBuffer(lua, keys.length, ...keys, ...args);
  });
}
