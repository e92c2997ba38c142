// How the primary hands accepted connections to workers. The sockets are real, the workers are not.
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ListenQuery, ToWorker } from '../protocol/messages.js';
import type { NativeHandle } from '../protocol/native-handle.js';
import { inTurn, openDispatcher } from './connection-dispatcher.js';
import type { DispatchPolicy } from './connection-dispatcher.js';
import type { GroupMember, ListenerGroup } from './listener-group.js';

const QUERY: ListenQuery = { address: '127.0.0.1', port: 0, addressType: 4, flags: 0, index: 0 };

type Connection = Extract<ToWorker, { type: 'connection' }>;

/** A worker that remembers what it is sent. */
interface FakeWorker extends GroupMember {
  /** The numbers of the messages. */
  readonly received: number[];
  /** The ports of the clients. */
  readonly clients: number[];
}

/** A dispatcher, its workers, and clients that connect to it. */
class Scene {
  readonly workers: FakeWorker[] = [];
  private readonly gone = new Set<number>();
  private readonly received: Array<() => void> = [];

  private constructor(readonly group: ListenerGroup) {}

  static async open(policy: DispatchPolicy = inTurn(() => 0)): Promise<Scene> {
    const group = await openDispatcher('key', QUERY, policy, () => undefined);
    onTestFinished(() => group.close());
    return new Scene(group);
  }

  /** A further worker, or another state of one. */
  set(id: number, state: GroupMember['state']): void {
    const known = this.workers.findIndex((worker) => worker.id === id);
    const received = this.workers[known]?.received ?? [];
    const clients = this.workers[known]?.clients ?? [];
    const worker: FakeWorker = {
      id,
      workerId: id,
      state,
      connections: 0,
      utilizationRatio: 0,
      received,
      clients,
      isFull: false,
      isGone: () => this.gone.has(id),
      send: (message, handle) => {
        const { seq } = message as Connection;
        received.push(seq);
        clients.push(clientPort(handle));
        for (const resolve of this.received.splice(0)) resolve();
        return true;
      },
    };
    if (known === -1) this.workers.push(worker);
    else this.workers[known] = worker;
    this.group.update([...this.workers]);
  }

  remove(id: number): void {
    this.gone.add(id);
    this.workers.splice(
      this.workers.findIndex((worker) => worker.id === id),
      1,
    );
    this.group.update([...this.workers]);
  }

  async connect(): Promise<net.Socket> {
    const { port = 0 } = this.group.bound ?? {};
    const socket = net.connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  }

  /** Resolves when the workers have got `count` connections in all. */
  async sent(count: number): Promise<void> {
    const soFar = (): number => this.workers.reduce((sum, each) => sum + each.received.length, 0);
    while (soFar() < count) await new Promise<void>((resolve) => this.received.push(resolve));
  }

  receivedBy(id: number): readonly number[] {
    return this.workers.find((worker) => worker.id === id)?.received ?? [];
  }

  clientsOf(id: number): readonly number[] {
    return this.workers.find((worker) => worker.id === id)?.clients ?? [];
  }

  reply(seq: number, accepted = true): void {
    this.group.onConnectionReply({ type: 'connectionReply', key: 'key', seq, accepted });
  }
}

function clientPort(handle: NativeHandle | undefined): number {
  const peer: { port?: number } = {};
  handle?.getpeername?.(peer);
  return peer.port ?? 0;
}

/** Connects clients, and lets the dispatcher accept them; returns their ports. */
async function accepted(scene: Scene, count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push((await scene.connect()).localPort ?? 0);
  // Accepting is an event of the loop; a later connection to another server is accepted after it.
  const marker = net.createServer();
  marker.listen(0, '127.0.0.1');
  await once(marker, 'listening');
  const client = net.connect((marker.address() as net.AddressInfo).port, '127.0.0.1');
  await once(marker, 'connection');
  client.destroy();
  marker.close();
  return ports;
}

describe('connections', () => {
  it('go to the workers in turn, to each only when it has answered the last', async () => {
    const scene = await Scene.open();
    scene.set(1, 'ready');
    scene.set(2, 'ready');
    await accepted(scene, 3);
    expect([scene.receivedBy(1), scene.receivedBy(2)]).toEqual([[1], [2]]);
    scene.reply(2);
    expect(scene.receivedBy(2)).toEqual([2, 3]);
    scene.reply(1);
    scene.reply(3);
    await scene.connect();
    await scene.sent(4);
    expect(scene.receivedBy(1)).toEqual([1, 4]);
  });

  it('wait while nobody is there, and are answered by the first that comes', async () => {
    const scene = await Scene.open();
    await accepted(scene, 2);
    scene.set(1, 'booting');
    await scene.sent(1);
    scene.reply(1);
    expect(scene.receivedBy(1)).toEqual([1, 2]);
  });

  it.each([
    ['those that boot when one is ready', 'booting'],
    ['those that drain while one is ready', 'draining'],
    ['those that have stalled', 'stalled'],
  ] as const)('do not go to %s', async (_, state) => {
    const scene = await Scene.open();
    scene.set(1, state);
    scene.set(2, 'ready');
    await accepted(scene, 2);
    expect(scene.receivedBy(1)).toEqual([]);
    scene.reply(1);
    expect(scene.receivedBy(2)).toEqual([1, 2]);
  });

  it('that a worker has not answered when it dies go to another, first of all', async () => {
    const scene = await Scene.open();
    scene.set(1, 'ready');
    const ports = await accepted(scene, 2);
    expect(scene.clientsOf(1)).toEqual(ports.slice(0, 1));
    scene.remove(1);
    scene.set(2, 'ready');
    expect(scene.clientsOf(2)).toEqual(ports.slice(0, 1));
    scene.reply(2);
    expect(scene.clientsOf(2)).toEqual(ports);
  });

  it('that a worker refuses, because it has just closed, go to another', async () => {
    const scene = await Scene.open();
    scene.set(1, 'ready');
    await scene.connect();
    await scene.sent(1);
    scene.set(1, 'draining');
    scene.set(2, 'ready');
    scene.reply(1, false);
    expect(scene.receivedBy(2)).toEqual([2]);
  });

  it('are held open until they are answered, and not by the primary after that', async () => {
    const scene = await Scene.open();
    scene.set(1, 'ready');
    const socket = await scene.connect();
    await scene.sent(1);
    const closed = once(socket, 'close');
    // No worker holds a copy here, so the client sees the primary let go.
    scene.reply(1);
    socket.resume();
    expect(await closed).toEqual([false]);
  });

  it('of a client whose worker is busy wait, and are passed over by others, in order', async () => {
    const workerOfClient = [1, 1, 1, 2];
    const seen: number[] = [];
    const scene = await Scene.open({
      keepsClients: true,
      pick(connection, { eligible, isBusy }) {
        const port = clientPort(connection);
        if (!seen.includes(port)) seen.push(port);
        const wanted = eligible.find(({ id }) => id === workerOfClient[seen.indexOf(port)]);
        return wanted === undefined || isBusy(wanted) ? undefined : wanted;
      },
    });
    scene.set(1, 'ready');
    scene.set(2, 'ready');
    const [first, second, third, fourth] = await accepted(scene, 4);
    expect([scene.clientsOf(1), scene.clientsOf(2)]).toEqual([[first], [fourth]]);
    scene.reply(1);
    expect(scene.clientsOf(1)).toEqual([first, second]);
    scene.reply(3);
    expect(scene.clientsOf(1)).toEqual([first, second, third]);
  });
});

describe('in turn', () => {
  it('waits for the others when one worker has many more connections than they', () => {
    const workers = [40, 10, 20].map((connections, index): GroupMember => ({
      id: index + 1,
      workerId: index + 1,
      state: 'ready',
      connections,
      utilizationRatio: 0,
      send: () => true,
      isFull: false,
      isGone: () => false,
    }));
    const policy = inTurn(() => 0);
    const pick = (free: readonly GroupMember[]): number | undefined =>
      policy.pick({} as never, { eligible: workers, free, members: workers, isBusy: () => false })
        ?.id;
    expect(Array.from({ length: 4 }, () => pick(workers))).toEqual([2, 3, 2, 3]);
    expect(pick(workers.slice(0, 1))).toBeUndefined();
  });
});

describe('a released dispatcher', () => {
  it('goes on until its last worker has stopped, and gives that one what still waits', async () => {
    const scene = await Scene.open();
    scene.set(1, 'draining');
    scene.group.release(false);
    await accepted(scene, 3);
    expect(scene.receivedBy(1)).toEqual([1]);
    const [worker] = scene.workers;
    if (worker !== undefined) scene.group.onUnlisten(worker);
    expect(scene.receivedBy(1)).toEqual([1, 2, 3]);
    await expect(scene.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('closes by itself when nobody is left', async () => {
    const scene = await Scene.open();
    scene.set(1, 'ready');
    scene.group.release(false);
    scene.remove(1);
    await expect(scene.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('may be closed again and again, and closes what waits', async () => {
    const scene = await Scene.open();
    const socket = await scene.connect();
    await accepted(scene, 1);
    const closed = once(socket, 'close');
    socket.resume();
    scene.group.close();
    scene.group.close();
    expect(await closed).toEqual([false]);
  });
});

it('a dispatcher does not open on an address that is taken', async () => {
  const scene = await Scene.open();
  const { port = 0 } = scene.group.bound ?? {};
  const opened = openDispatcher(
    'key',
    { ...QUERY, port },
    inTurn(() => 0),
    () => undefined,
  );
  await expect(opened).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});
