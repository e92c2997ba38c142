// Both sides: the part of Node's own TCP and pipe handles that we use. They travel over the IPC channel
// as 'net.Native', and are what `node:cluster` itself hands to workers.

/** A listening socket or an accepted connection, without the JavaScript objects around it. */
export interface NativeHandle {
  /** Called with a new connection; `status` is an error number below 0, or 0. */
  onconnection?: ((status: number, connection: NativeHandle | undefined) => void) | null;
  /** @returns 0, or an error number below 0 */
  listen(backlog: number): number;
  close(callback?: () => void): void;
  getsockname?(out: object): number;
  getpeername?(out: { address?: string; port?: number }): number;
  readonly fd?: number;
}

export function isNativeHandle(value: unknown): value is NativeHandle {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'listen') === 'function' &&
    typeof Reflect.get(value, 'close') === 'function'
  );
}
