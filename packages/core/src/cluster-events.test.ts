import { describe, expect, it } from 'vitest';
import { createLogRecorder } from '../test/simulated-cluster.js';
import type { LogLine } from '../test/simulated-cluster.js';
import type { Cluster } from './cluster.js';
import { createClusterEmitter } from './cluster-events.js';
import type { ClusterEmitter } from './cluster-events.js';

function setUp(): {
  readonly emitter: ClusterEmitter;
  readonly handle: Pick<Cluster, 'on' | 'once' | 'off'>;
  readonly lines: LogLine[];
  readonly firstListeners: () => number;
} {
  const { logger, lines } = createLogRecorder();
  let first = 0;
  const emitter = createClusterEmitter(logger, () => {
    first += 1;
  });
  const handle: Pick<Cluster, 'on' | 'once' | 'off'> = emitter.members(() => handle as Cluster);
  return { emitter, handle, lines, firstListeners: () => first };
}

const scale = { from: 1, to: 2 };

describe('the events of a cluster', () => {
  it('reach their listeners, in order, until these are taken away', () => {
    const { emitter, handle } = setUp();
    const heard: unknown[] = [];
    const listener = (event: unknown): void => void heard.push(event);
    handle.on('scale', listener).on('scale', () => heard.push('second'));
    emitter.emit('scale', scale);
    emitter.emit('shutdown', { reason: 'other' });
    expect(handle.off('scale', listener)).toBe(handle);
    emitter.emit('scale', scale);
    expect(heard).toEqual([scale, 'second', 'second']);
  });

  it('reach a listener once that asked for one', () => {
    const { emitter, handle } = setUp();
    const heard: unknown[] = [];
    const listener = (event: unknown): void => void heard.push(event);
    expect(handle.once('scale', listener)).toBe(handle);
    emitter.emit('scale', scale);
    emitter.emit('scale', scale);
    expect(heard).toEqual([scale]);
    handle.once('scale', listener).off('scale', listener);
    emitter.emit('scale', scale);
    expect(heard).toHaveLength(1);
  });

  it('go on to the others when a listener throws, which is logged', () => {
    const { emitter, handle, lines } = setUp();
    const heard: string[] = [];
    const error = new Error('bad listener');
    handle.on('scale', () => {
      throw error;
    });
    handle.once('scale', () => {
      heard.push('once');
      throw error;
    });
    handle.on('scale', () => heard.push('on'));
    emitter.emit('scale', scale);
    expect(heard).toEqual(['once', 'on']);
    const line = {
      level: 'error',
      details: { err: error, event: 'scale' },
      message: "a listener of 'scale' threw",
    };
    expect(lines).toEqual([line, line]);
  });

  it('do not end the process when a listener is asynchronous and rejects, which is logged', async () => {
    const { emitter, handle, lines } = setUp();
    const error = new Error('bad listener');
    const rejecting = async (): Promise<void> => await Promise.reject(error);
    handle.on('scale', rejecting).once('scale', rejecting);
    emitter.emit('scale', scale);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const line = {
      level: 'error',
      details: { err: error, event: 'scale' },
      message: "a listener of 'scale' threw",
    };
    expect(lines).toEqual([line, line]);
  });

  it('may add and remove listeners while they are heard', () => {
    const { emitter, handle } = setUp();
    let heard = 0;
    const late = (): void => void (heard += 1);
    handle.on('scale', () => handle.on('scale', late));
    emitter.emit('scale', scale);
    expect(heard).toBe(0);
    emitter.emit('scale', scale);
    expect(heard).toBe(1);
  });

  it('say when somebody listens for the first time, once', () => {
    const { emitter, handle, firstListeners } = setUp();
    emitter.emit('scale', scale);
    expect(firstListeners()).toBe(0);
    handle.once('scale', () => undefined);
    handle.on('shutdown', () => undefined);
    expect(firstListeners()).toBe(1);
  });

  it('may have many listeners without a warning', async () => {
    const { handle } = setUp();
    const warned: unknown[] = [];
    const listener = (warning: unknown): void => void warned.push(warning);
    process.on('warning', listener);
    for (let index = 0; index < 50; index++) handle.on('scale', () => undefined);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    process.off('warning', listener);
    expect(warned).toEqual([]);
  });
});
