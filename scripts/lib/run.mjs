// Runs commands: quietly (output only when they fail) or in the open.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { say, dim, green, red, seconds, UserError } from './repo.mjs';

/**
 * Runs a command to its end. `quiet` keeps its output and returns it; otherwise it is shown as it comes.
 * @returns {Promise<{ code: number, signal: string | null, output: string }>}
 */
export function run(command, args, { cwd, env, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    let output = '';
    const keep = (chunk) => (output += chunk);
    child.stdout?.setEncoding('utf8').on('data', keep);
    child.stderr?.setEncoding('utf8').on('data', keep);
    // A terminal's Ctrl-C reaches the child by itself; what is sent to this process alone must be passed on.
    // Then this process ends as well, when its child has: nothing else is to begin.
    let ending;
    const end = (signal) => {
      ending = signal;
      if (signal === 'SIGTERM') child.kill(signal);
    };
    const signals = ['SIGTERM', 'SIGINT'];
    for (const signal of signals) process.on(signal, end);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const each of signals) process.off(each, end);
      if (ending !== undefined) process.exit(128 + constants.signals[ending]);
      resolve({ code: code ?? 1, signal, output });
    });
  });
}

/**
 * One line of progress around a quiet piece of work: `Label … 1.2 s`. Failing, it shows the output.
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function step(label, work) {
  const startedMs = performance.now();
  const interactive = process.stderr.isTTY;
  if (interactive) process.stderr.write(dim(`  ${label} …`));
  const { code, output } = await work();
  const mark = code === 0 ? green('✓') : red('✗');
  say(`${interactive ? '\r\u001B[K' : ''}${mark} ${label} ${dim(seconds(startedMs))}`);
  if (code !== 0 && output) say(output.trimEnd());
  return code === 0;
}

/** As `step`, but failing ends the script. */
export async function mustStep(label, work) {
  if (!(await step(label, work))) throw new UserError(`${label}: failed, see above.`);
}
