// Both sides: how a worker whose event loop is blocked still reports: JSON lines on a pipe of their own,
// written by its watchdog thread. Loaded by that thread in every worker, so it imports nothing.
import type { StackFrame } from '../cluster.js';

/** The worker's file descriptor of that pipe: behind stdin, stdout, stderr and the IPC channel. */
export const STALL_REPORT_FD = 4;

export interface StallReport {
  /** For how long the event loop had not turned. */
  readonly blockedMs: number;
  /** Innermost first; empty while the thread runs native code. */
  readonly frames: readonly StackFrame[];
}

export function formatStallReport(report: StallReport): string {
  return `${JSON.stringify(report)}\n`;
}
