// Primary: tells systemd (Type=notify) how the service is, through systemd-notify.
import { execFile } from 'node:child_process';
import type { Logger } from '../logger.js';

export interface SystemdNotifier {
  /** The service is up, with this process as its main process; begins to feed the watchdog. */
  ready(): void;
  stopping(): void;
}

/**
 * Does nothing where systemd has not set `NOTIFY_SOCKET`. The unit needs `NotifyAccess=all`, because the
 * messages come from a helper process.
 */
export function createSystemdNotifier(
  logger: Logger,
  env: NodeJS.ProcessEnv = process.env,
): SystemdNotifier {
  const isWanted = env['NOTIFY_SOCKET'] !== undefined;
  const watchdogMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1_000;
  let watchdog: NodeJS.Timeout | undefined;

  const notify = (...states: string[]): void => {
    if (!isWanted) return;
    execFile('systemd-notify', [`--pid=${process.pid}`, ...states], { env }, (error) => {
      if (error !== null) logger.warn({ err: error, states }, 'systemd-notify failed');
    });
  };

  return {
    ready() {
      notify('READY=1', `MAINPID=${process.pid}`);
      if (!isWanted || !(watchdogMs > 0) || watchdog !== undefined) return;
      // Twice within the time that systemd grants, as sd_watchdog_enabled(3) advises.
      watchdog = setInterval(() => notify('WATCHDOG=1'), watchdogMs / 2);
      watchdog.unref();
    },
    stopping() {
      notify('STOPPING=1');
    },
  };
}
