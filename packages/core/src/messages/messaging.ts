// Any process: messages between the processes of a cluster, as the app uses them. Types only.

/** Whom to ask: the primary, the worker of that number, or any worker that answers (the least busy one). */
export type RequestTarget = 'primary' | 'any' | number;

export interface MessageContext {
  /** The number of the worker that it comes from; 0: the primary. */
  readonly from: number;
}

/** What it throws, or rejects with, is logged. */
export type MessageListener<T = unknown> = (data: T, context: MessageContext) => unknown;

/** Answers by returning, or by a promise; what it throws rejects the request. */
export type MessageResponder<T = unknown> = (data: T, context: MessageContext) => unknown;

export interface RequestOptions {
  /** After how many ms without an answer the request is rejected. Default 5,000. */
  readonly timeoutMs?: number;
}

/**
 * Messages between workers and the primary. They carry what the structured clone algorithm carries
 * without loss: strings, numbers, bigint, Date, RegExp, Map, Set, Buffer, typed arrays, Error, arrays and
 * plain objects of them. Functions, symbols, promises and instances of classes are refused. What arrives
 * is a copy, taken when the message was sent.
 *
 * @throws {CorralError} from every member: `INVALID_ARGUMENT`; `VALUE_UNCLONEABLE`, with the path of the
 *   offending property; `MESSAGE_TOO_LARGE`, beyond 4 MiB
 */
export interface Messaging {
  /**
   * Sends to every subscriber of the topic in the whole cluster, this process included. The primary
   * passes messages on, so that all processes get those of a topic in the same order.
   *
   * At most once: a process that does not read gets what fits into its backlog (4 MiB), of which the
   * oldest is dropped first. What must not be lost belongs into `config` or a database.
   */
  publish(topic: string, data?: unknown): void;
  /** Calls back for every message of the topic; returns a function that ends it. */
  subscribe<T = unknown>(topic: string, listener: MessageListener<T>): () => void;
  /**
   * Asks one process and resolves with its answer.
   *
   * @throws {CorralError} `NO_RESPONDER` (nobody there answers to that name), `REQUEST_TIMEOUT`,
   *   `WORKER_GONE` (it does not run, or has ended before it answered), `CHANNEL_SATURATED` (it does not
   *   read, and its backlog is full), `CHANNEL_CLOSED` (the primary has gone), `REMOTE_ERROR` (the
   *   responder failed; `cause` is its error)
   */
  request<T = unknown>(
    target: RequestTarget,
    name: string,
    data?: unknown,
    options?: RequestOptions,
  ): Promise<T>;
  /** Answers requests of that name in this process, one function for each; returns a function that ends it. */
  respond<T = unknown>(name: string, responder: MessageResponder<T>): () => void;
}
