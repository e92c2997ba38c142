// Worker, in a thread of its own: sees the main thread's event loop stop, and says what it was running.
import fs from 'node:fs';
import inspector from 'node:inspector';
import { fileURLToPath } from 'node:url';
import { workerData } from 'node:worker_threads';
import { formatStallReport, STALL_REPORT_FD } from '../protocol/stall-report.js';
import type { StallReport } from '../protocol/stall-report.js';
import type { WatchdogData } from './stall-watchdog.js';

/**
 * How long to wait for the stack, as a share of `stallMs`: on a busy machine it takes a while, and in
 * native code the main thread cannot be paused until it returns. The primary waits longer.
 */
const STACK_WAIT_RATIO = 0.375;
/** But no longer than this, in ms: until it is reported, nobody covers for this worker. */
const MAX_STACK_WAIT_MS = 1_000;
const MAX_FRAMES = 20;
/** On a busy machine a thread may wait for its turn for almost as long, in ms. */
const MIN_STOP_MS = 250;

const { shared, stallMs, beatMs, parentPid } = workerData as WatchdogData;

let lastBeat = Atomics.load(shared, 0);
let lastBeatMs = performance.now();
let lastLookMs = lastBeatMs;
let state: 'watching' | 'reported' = 'watching';

setInterval(() => {
  const beat = Atomics.load(shared, 0);
  const nowMs = performance.now();
  // Nor has this thread run: the process, or the machine, was stopped, and the main thread is about to go on.
  const wasStopped = nowMs - lastLookMs > Math.max(MIN_STOP_MS, stallMs / 2);
  lastLookMs = nowMs;
  if (beat !== lastBeat || Atomics.load(shared, 1) === 1 || wasStopped) {
    lastBeat = beat;
    lastBeatMs = nowMs;
    state = 'watching';
    return;
  }
  const blockedMs = nowMs - lastBeatMs;
  if (blockedMs < stallMs) return;
  // The blocked loop cannot hear that its channel has closed.
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
  if (state === 'watching' && Atomics.load(shared, 2) === 1) {
    state = 'reported';
    report(blockedMs);
  }
}, beatMs);

function report(blockedMs: number): void {
  let isSent = false;
  const send = (frames: StallReport['frames']): void => {
    isSent = true;
    try {
      fs.writeSync(STALL_REPORT_FD, formatStallReport({ blockedMs, frames }));
    } catch {
      // The primary has gone; the next check ends this process.
    }
  };
  const withoutStack = setTimeout(
    () => send([]),
    Math.min(stallMs * STACK_WAIT_RATIO, MAX_STACK_WAIT_MS),
  );
  try {
    takeStack((frames) => {
      clearTimeout(withoutStack);
      send(frames);
    });
  } catch {
    clearTimeout(withoutStack);
    if (!isSent) send([]);
  }
}

/** Pauses the main thread for as long as it takes to read its stack. */
function takeStack(onFrames: (frames: StallReport['frames']) => void): void {
  const session = new inspector.Session();
  const urls = new Map<string, string>();
  session.connectToMainThread();
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
  session.on('Debugger.paused', ({ params }) => {
    session.post('Debugger.resume');
    session.post('Debugger.disable');
    // A session left open would keep the process from exiting.
    session.disconnect();
    const frames = params.callFrames.map(({ functionName, location, url }) => ({
      functionName: functionName === '' ? '(anonymous)' : functionName,
      file: toPath(urls.get(location.scriptId) ?? url),
      line: location.lineNumber + 1,
      column: (location.columnNumber ?? 0) + 1,
    }));
    onFrames(frames.filter(({ file }) => !file.startsWith('node:internal/')).slice(0, MAX_FRAMES));
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}

function toPath(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
