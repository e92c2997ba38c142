// Any process: the options of bootstrap(), as users write them. Types only; options.ts checks them.
import type { RegisteredConfig } from './config/config-channel.js';
import type { ConfigDefinition } from './config/define-config.js';
import type { Logger } from './logger.js';
import type { StateSettings } from './state/state-settings.js';
import type { StateStore } from './state/state-store.js';

/** Options of `bootstrap()`. All are optional. */
export interface BootstrapOptions<C = RegisteredConfig> {
  /**
   * How many workers: `'auto'` (default) is one per core, bounded by the cgroup's CPU quota and memory;
   * `{ min, max }` adds and removes workers as they are busy (see `scaling`); `0` runs the app in this
   * process alone, as `CORRAL_SINGLE=1` in the environment does.
   */
  readonly workers?: 'auto' | number | { readonly min: number; readonly max: number };
  /** With `workers: { min, max }`: when to add and remove workers. */
  readonly scaling?: ScalingTuning;
  /** With `workers: 'auto'`: the memory to count on for each worker. Default 128 MiB. */
  readonly memoryPerWorkerBytes?: number;
  /**
   * How connections reach the workers: `'slots'`, the kernel spreads them over sockets that the primary
   * keeps (Linux, Node ≥ 24.19 or ≥ 26.4); `'round-robin'`, the primary accepts and hands them out;
   * `'sticky'`, the same, but a client's address always gets the same worker, also while that worker
   * drains (for Socket.IO's polling; behind a proxy every client has the proxy's address);
   * `'auto'` (default), slots where they exist.
   */
  readonly balance?: 'auto' | 'slots' | 'round-robin' | 'sticky';
  /** `'auto'` (default): ready when `main` has resolved and its servers listen; `'manual'`: at `cluster.ready()`. */
  readonly readiness?: 'auto' | 'manual';
  /** How long a worker may take to become ready, in ms. Default 30,000. */
  readonly bootTimeoutMs?: number;
  /** How often a worker reports its figures, in ms. Default 1,000, at most half of `stallMs`. */
  readonly heartbeatMs?: number;
  /**
   * After how many ms of a blocked event loop a worker is reported with the stack that blocked it, and
   * replaced. Default 5,000; 0 turns the detection off (so does an attached debugger).
   */
  readonly stallMs?: number;
  /** After how many ms of silence a stalled worker is killed. Default 30,000, at least `stallMs`. */
  readonly stallKillMs?: number;
  /** How long the first worker of a reload must stay up before the others follow, in ms. Default 1,000. */
  readonly minUptimeMs?: number;
  /**
   * How long a process may take to shut down from the start of its drain, in ms; what is still open
   * then is cut. Connections get the first four fifths of it, shutdown hooks the rest. Default 25,000
   * (Kubernetes kills after 30 s).
   */
  readonly drainTimeoutMs?: number;
  /**
   * How long a draining process goes on accepting, not ready, so that load balancers notice, in ms.
   * Default 0; 5,000 on Kubernetes, but at most half of `drainTimeoutMs`.
   */
  readonly readinessDelayMs?: number;
  /** During a drain: how long a connection may idle before it is closed, in ms. Default 1,000. */
  readonly idleGraceMs?: number;
  /** How long one shutdown hook may take, in ms. Default 5,000. */
  readonly hookTimeoutMs?: number;
  /** Replaces a worker whose resident memory exceeds this many bytes. Default: never. */
  readonly maxRssBytes?: number;
  /**
   * Replaces a worker whose heap exceeds this share, 0…1, of the most that V8 lets it grow to
   * (`--max-old-space-size`), before V8 ends it. Default: never.
   */
  readonly maxHeapUsedRatio?: number;
  /** Replaces a worker after about this many requests (up to 10 % more, so that not all go at once). Default: never. */
  readonly maxRequests?: number;
  /** Replaces a worker after about this many ms (up to 10 % more). Default: never. */
  readonly maxAgeMs?: number;
  /** `UV_THREADPOOL_SIZE` of the workers, 1…1024. Default: as inherited. */
  readonly threadPoolSize?: number;
  /**
   * Files of `NAME=value` lines for the workers' environment, read at every start of a worker, so that a
   * reload picks up changes. What the environment has already stays. Default: none.
   */
  readonly envFiles?: readonly string[];
  /** The configuration of the whole cluster, made by `defineConfig()`. Default: none. */
  readonly config?: ConfigDefinition<C>;
  /**
   * The shared state: a store, such as `redisState()` for more than one machine, or settings of the
   * embedded one, which is in the primary's memory. Default: the embedded one with its defaults.
   */
  readonly state?: StateStore | StateSettings;
  /** When and how often crashed workers are started again. */
  readonly restart?: RestartOptions;
  /** The admin server of the primary: `/livez`, `/readyz`, `/status`, `/metrics`, `/config`. Off unless given. */
  readonly admin?: AdminOptions;
  /** The threads of `cluster.offload()`. */
  readonly offload?: OffloadBudgetOptions;
  /** A pino-like logger. Default: pino, readable on a terminal, JSON otherwise. */
  readonly logger?: Logger;
}

export interface OffloadBudgetOptions {
  /**
   * How many threads may run offloaded tasks at the same time, over the whole cluster. Every process that
   * offloads has at least one. Default: one for each core that the cgroup grants in full.
   */
  readonly threads?: number;
}

export interface RestartOptions {
  /** More than this many restarts within `periodMs`, over all workers, is a crash loop. Default: 5 per worker, at least 10. */
  readonly intensity?: number;
  /** The sliding window of `intensity`, in ms. Default 60,000. */
  readonly periodMs?: number;
  /** The delay of the second restart in a row, in ms (the first is immediate); it doubles from then on. Default 100. */
  readonly minDelayMs?: number;
  /** The longest delay, in ms. Default 15,000. */
  readonly maxDelayMs?: number;
  /**
   * In a crash loop: `'exit'` drains and exits with code 70, for an orchestrator to see;
   * `'keep-trying'` goes on with the longest delay. Default `'exit'` in containers, else `'keep-trying'`.
   */
  readonly onExhausted?: 'exit' | 'keep-trying';
}

export interface ScalingTuning {
  /** Add a worker when the mean event-loop utilization exceeds this, 0…1. Default 0.7. */
  readonly upRatio?: number;
  /** For how long it must exceed it, in ms. Default 10,000. */
  readonly upAfterMs?: number;
  /** Remove one when it is below this, 0…1. Default 0.3. */
  readonly downRatio?: number;
  /** For how long, in ms. Default 60,000. */
  readonly downAfterMs?: number;
  /** How long to wait after a change, in ms. Default 30,000. */
  readonly coolDownMs?: number;
}

export interface AdminOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** `/readyz` answers 200 from this many ready workers on. Default 1. */
  readonly minReady?: number;
  /**
   * Whether `PUT` and `PATCH` of `/config` change the configuration, for whoever reaches the port; needs a
   * `host` that only this machine reaches. Default false.
   */
  readonly configWrites?: boolean;
}
