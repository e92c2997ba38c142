// Primary or single process: holds the configuration of the cluster: validates changes, gives them
// versions, sends them to every process, and takes them back when one refuses.
import type { WorkerErrorInfo } from '../cluster.js';
import type { ClusterEmitter } from '../cluster-events.js';
import { deferred } from '../deferred.js';
import { configConflict, configInvalid, shuttingDown } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ConfigStatus, ConfigUpdateReport } from '../config/config-channel.js';
import type { CheckedUpdateOptions } from '../config/config-arguments.js';
import { requirePins } from '../config/config-sources.js';
import type { Pin } from '../config/config-sources.js';
import type { ConfigSnapshot } from '../config/config-holder.js';
import type { ConfigDefinition } from '../config/define-config.js';
import { changedPaths, isEqual, redact } from '../config/json-value.js';
import type { Json } from '../config/json-value.js';
import { validateConfig } from '../config/validate-config.js';
import {
  answered,
  beginRollouts,
  isOver,
  join,
  leave,
  passDeadline,
  publish,
} from './config-rollout.js';
import type { MemberId, RolloutState } from './config-rollout.js';
import { createOperationQueue } from './operation-queue.js';

/** A process that gets the versions of the configuration. */
export interface ConfigMember {
  /** Unique for each process. */
  readonly id: MemberId;
  /** 0: the primary. */
  readonly workerId: number;
  /** Answers with {@link ConfigPublisher.answer}. */
  send(next: ConfigSnapshot, text: string, timeoutMs: number): void;
}

/** What a change makes of the configuration in force. May throw a coded error. */
export type Change = (current: Json) => unknown;

export interface ConfigPublisher {
  readonly current: ConfigSnapshot;
  /** The same as JSON. */
  readonly text: string;
  /** A process that begins with {@link current}. */
  join(member: ConfigMember): void;
  leave(id: MemberId): void;
  answer(id: MemberId, version: number, error?: WorkerErrorInfo): void;
  /**
   * @param options `minVersion`: the version it gets is at least this
   * @param source for the log, such as `an update`
   * @throws {CorralError} `CONFIG_INVALID`, `CONFIG_CONFLICT`, or what `change` throws
   */
  update(
    change: Change,
    options: CheckedUpdateOptions & { readonly minVersion?: number },
    source?: string,
  ): Promise<ConfigUpdateReport>;
  /** Takes no further updates, until `thaw()`; resolves when the one under way is over. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  status(): Pick<ConfigStatus, 'version' | 'value' | 'processes'>;
}

/** How much longer than they may take we wait for answers: they are to say themselves that they took too long. */
const ANSWER_GRACE_MS = 250;

export function createConfigPublisher(parts: {
  readonly definition: ConfigDefinition;
  readonly initial: ConfigSnapshot;
  readonly logger: Logger;
  readonly events: Pick<ClusterEmitter, 'emit'>;
  /** What no update can change. */
  readonly pins: readonly Pin[];
}): ConfigPublisher {
  const { definition, logger, events } = parts;
  const members = new Map<MemberId, ConfigMember>();
  const updates = createOperationQueue();
  let current = parts.initial;
  let text = JSON.stringify(current.value);
  let previous = current;
  let previousText = text;
  /** The workers' numbers at the beginning of the last rollout: some may have ended meanwhile. */
  let workerIds = new Map<MemberId, number>();
  let timeoutMs = 0;
  let state: RolloutState = beginRollouts(current.version);
  let over = deferred<void>();
  let isFrozen = false;

  const advance = (next: RolloutState, send: readonly MemberId[] = []): void => {
    state = next;
    for (const id of send) members.get(id)?.send(current, text, timeoutMs);
    if (isOver(state)) over.resolve();
  };

  /** In order: they answer in any. */
  const workerIdsOf = (ids: readonly MemberId[]): number[] =>
    ids.map((id) => workerIds.get(id) ?? 0).sort((a, b) => a - b);

  const report = (): ConfigUpdateReport => {
    const { rollout } = state;
    return {
      version: current.version,
      applied: workerIdsOf(rollout.applied),
      rejected: rollout.rejected.map(({ member, error }) => ({
        workerId: workerIds.get(member) ?? 0,
        error,
      })),
      timedOut: workerIdsOf(rollout.timedOut),
    };
  };

  /** Sends a version to everybody; resolves when nobody is waited for. */
  const rollOut = async (
    value: Json,
    nextText: string,
    source: string,
    minVersion = 0,
  ): Promise<ConfigUpdateReport> => {
    previous = current;
    previousText = text;
    current = { version: Math.max(current.version + 1, minVersion), value };
    text = nextText;
    over = deferred<void>();
    workerIds = new Map([...members].map(([id, { workerId }]) => [id, workerId]));
    const { version } = current;
    const paths = changedPaths(previous.value, value);
    logger.info(
      { version, changedPaths: paths },
      `configuration ${version} by ${source}: ${paths.join(', ')}`,
    );
    const deadline = setTimeout(() => advance(passDeadline(state)), timeoutMs + ANSWER_GRACE_MS);
    const step = publish(state, version);
    advance(step.state, step.send);
    await over.promise;
    clearTimeout(deadline);
    const outcome = report();
    const { applied, rejected, timedOut } = outcome;
    logOutcome(outcome);
    events.emit('configUpdate', { version, changedPaths: paths, applied, rejected, timedOut });
    return outcome;
  };

  const logOutcome = ({ version, rejected, timedOut }: ConfigUpdateReport): void => {
    for (const { workerId, error } of rejected) {
      const who = workerId === 0 ? 'the primary' : `worker ${workerId}`;
      logger.error(
        { version, workerId, err: error },
        `${who} refuses configuration ${version}: ${error.message}`,
      );
    }
    if (timedOut.length > 0) {
      logger.warn(
        { version, workerIds: timedOut },
        `configuration ${version} was not applied in time by worker(s) ${timedOut.join(', ')}`,
      );
    }
  };

  const rollBack = async (): Promise<number> => {
    const { version } = current;
    const undone = await rollOut(previous.value, previousText, `going back from ${version}`);
    return undone.version;
  };

  const setFrozen = async (frozen: boolean): Promise<void> =>
    await updates.run(async () => await Promise.resolve(void (isFrozen = frozen)));

  const onLateRejection = (workerId: number, error: WorkerErrorInfo | undefined): void => {
    const { version } = current;
    logger.error(
      { version, workerId, err: error },
      `worker ${workerId} refuses configuration ${version}, late: ${error?.message ?? ''}`,
    );
    if (definition.onRejected === 'keep') return;
    void updates.run(async () => {
      if (current.version === version) await rollBack();
    });
  };

  return {
    get current() {
      return current;
    },
    get text() {
      return text;
    },
    join(member) {
      members.set(member.id, member);
      advance(join(state, member.id));
    },
    leave(id) {
      members.delete(id);
      advance(leave(state, id));
    },
    answer(id, version, error) {
      const step = answered(state, id, version, error);
      advance(step.state, step.send);
      if (step.isLateRejection) onLateRejection(members.get(id)?.workerId ?? 0, error);
    },
    update: async (change, options, source = 'an update') =>
      await updates.run(async () => {
        const { expectedVersion, minVersion } = options;
        if (isFrozen) throw shuttingDown('cluster.config.update()');
        if (expectedVersion !== undefined && expectedVersion !== current.version) {
          throw configConflict(expectedVersion, current);
        }
        const validated = validateConfig(definition.schema, change(current.value));
        if (!validated.ok) throw configInvalid(source, validated.issues);
        requirePins(source, validated.value, parts.pins);
        if (isEqual(validated.value, current.value)) return report();
        ({ timeoutMs } = options);
        const outcome = await rollOut(validated.value, validated.text, source, minVersion);
        if (outcome.rejected.length === 0 || definition.onRejected === 'keep') return outcome;
        return { ...outcome, rolledBackBy: await rollBack() };
      }),
    freeze: async () => await setFrozen(true),
    thaw: async () => await setFrozen(false),
    status: () => ({
      version: current.version,
      value: redact(current.value, definition.secrets),
      processes: Object.fromEntries(
        [...state.members].map(([id, { acked }]) => [members.get(id)?.workerId ?? 0, acked]),
      ),
    }),
  };
}
