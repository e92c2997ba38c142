// Primary: tells systemd (Type=notify) how the service is, through systemd-notify.
import { execFile } from 'node:child_process';
import type { Logger } from '../logger.js';

export interface SystemdNotifier {
  /** The service is up, with this process as its main process; begins to feed the watchdog. Idempotent. */
  ready(): void;
  stopping(): void;
  /**
   * Another process is the main process now, and feeds the watchdog; resolves when systemd knows: before
   * that, it would take the end of this process for the service's.
   */
  handOver(pid: number): Promise<void>;
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
  let isReady = false;
  let watchdog: NodeJS.Timeout | undefined;
  let notified = Promise.resolve();

  const notifyNow = async (states: readonly string[]): Promise<void> =>
    await new Promise<void>((resolve) => {
      execFile('systemd-notify', states, { env }, (error) => {
        if (error !== null) logger.warn({ err: error, states }, 'systemd-notify failed');
        resolve();
      });
    });
  /**
   * One after the other: helper processes do not end in the order in which they are started. Never with `--pid`:
   * that makes the process the main process, whatever is said.
   */
  const notify = async (...states: string[]): Promise<void> => {
    if (!isWanted) return;
    notified = notified.then(async () => await notifyNow(states));
    await notified;
  };

  return {
    ready() {
      if (isReady) return;
      isReady = true;
      void notify('READY=1', `MAINPID=${process.pid}`);
      if (!isWanted || !(watchdogMs > 0)) return;
      // Twice within the time that systemd grants, as sd_watchdog_enabled(3) advises.
      watchdog = setInterval(() => void notify('WATCHDOG=1'), watchdogMs / 2);
      watchdog.unref();
    },
    stopping() {
      void notify('STOPPING=1');
    },
    async handOver(pid) {
      clearInterval(watchdog);
      await notify(`MAINPID=${pid}`);
    },
  };
}
