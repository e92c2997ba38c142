// Any process: the public API of @corral/core. Explicit named exports, no logic.
export { bootstrap } from './bootstrap.js';
export { defineConfig } from './config/define-config.js';
export { getCluster } from './current-cluster.js';
export { CorralError, EXIT_CODES } from './errors.js';
export { resolveHealthPaths } from './health/health-paths.js';
export { closeWebSockets } from './lifecycle/close-web-sockets.js';
export { createDefaultLogger } from './logger.js';
export { createStateStore } from './state/create-state-store.js';
export { createMemoryBackend } from './state/memory-state.js';
export { BODY_HEADERS, toHttpError } from './http-error.js';
export { pipeline } from './offload/pipeline.js';
export { disconnectSignal } from './serving/disconnect-signal.js';
export type { CloseWebSocketsOptions, ClosableWebSocket } from './lifecycle/close-web-sockets.js';
export type { ConfigIssue, CorralErrorCode, CorralErrorOptions, OptionIssue } from './errors.js';
export type { ConfigDefinition, ConfigOptions } from './config/define-config.js';
export type {
  ConfigChangeContext,
  ConfigChannel,
  ConfigListener,
  ConfigPatch,
  ConfigStatus,
  ConfigUpdateOptions,
  ConfigUpdateReport,
  Frozen,
  Register,
  RegisteredConfig,
} from './config/config-channel.js';
export type { ResolvedHealthPaths } from './health/health-paths.js';
export type { Logger, LogMethod } from './logger.js';
export type { HttpErrorResponse } from './http-error.js';
export type { Pipeline, PipelineOptions } from './offload/pipeline.js';
export type {
  DurationHistogram,
  Offloaded,
  OffloadCallOptions,
  OffloadedFunction,
  OffloadModuleStatus,
  OffloadOptions,
  OffloadStatus,
  ThreadTermination,
} from './offload/offload.js';
export type {
  AdminOptions,
  BootstrapOptions,
  OffloadBudgetOptions,
  RestartOptions,
  ScalingTuning,
} from './bootstrap-options.js';
export type {
  BalanceStatus,
  Cluster,
  ClusterEventName,
  ClusterEvents,
  ClusterListener,
  ClusterRole,
  ClusterStatus,
  ExitReason,
  Main,
  MessageStatus,
  ReloadOptions,
  ReloadReport,
  ShutdownHook,
  ShutdownHookOptions,
  ShutdownPhase,
  StackFrame,
  StateSnapshotStatus,
  UpgradeOptions,
  WorkerErrorInfo,
  WorkerStateName,
  WorkerStatus,
} from './cluster.js';
export type {
  ExclusiveContext,
  ExclusiveOptions,
  ExclusiveWork,
  Singleton,
  SingletonOptions,
  StartSingleton,
  StopSingleton,
} from './once/exclusive-work.js';
export type {
  MessageContext,
  MessageListener,
  MessageResponder,
  Messaging,
  RequestOptions,
  RequestTarget,
} from './messages/messaging.js';
export type {
  Health,
  HealthCheck,
  HealthCheckKind,
  HealthCheckOptions,
  HealthCheckResult,
  HealthPaths,
  HealthReport,
  HealthRequest,
  HealthResponse,
  ProcessSample,
} from './health/health.js';
export type { StateSettings } from './state/state-settings.js';
export type { StateStoreOptions } from './state/create-state-store.js';
export type { MemoryLimits } from './state/memory-table.js';
export type {
  BackendEntry,
  StateBackend,
  StateData,
  StateOperation,
  StateOperationName,
  StateOperationResults,
} from './state/state-backend.js';
export type {
  CompareAndSetResult,
  ExpiryOptions,
  IncrementResult,
  Lease,
  LeaseOptions,
  StateEntry,
  StateListener,
  StateStore,
  SubscribeOptions,
} from './state/state-store.js';
export { createKeyvStore } from './state/keyv/keyv-store.js';
export type { KeyvStore, KeyvStoreOptions } from './state/keyv/keyv-store.js';
export { createRateCounter } from './state/rate-limits/rate-counter.js';
export type { RateCounter, RateHits } from './state/rate-limits/rate-counter.js';
export type { RateCounterOptions } from './state/rate-limits/rate-counter-options.js';
export type {
  ResolvedSessionCookie,
  SessionCookie,
  SessionCookieOptions,
} from './state/sessions/session-cookie.js';
export type { SessionData, SessionLike } from './state/sessions/session-data.js';
export { resolveSessionOptions } from './state/sessions/session-options.js';
export type { ResolvedSessionOptions, SessionOptions } from './state/sessions/session-options.js';
export { createSessionStore } from './state/sessions/session-store.js';
export type { LoadedSession, SessionHandle, SessionStore } from './state/sessions/session-store.js';
export type { SessionStoreOptions } from './state/sessions/session-store-options.js';
