// Worker: the example's routes; the health routes are ClusterModule's.
import type { ServerResponse } from 'node:http';
import { disconnectSignal } from '@corral/core';
import { offloadCalculation, readN } from '@corral/example-shared';
import { Cluster } from '@corral/nest';
import { BadRequestException, Controller, Get, Query, Res } from '@nestjs/common';

@Controller()
export class AppController {
  readonly #tasks: ReturnType<typeof offloadCalculation>;

  constructor(private readonly cluster: Cluster) {
    this.#tasks = offloadCalculation(cluster);
  }

  @Get()
  index(): object {
    return { worker: this.cluster.workerId, pid: process.pid, message: 'Hello from Nest' };
  }

  @Get('fast')
  fast(): object {
    return { worker: this.cluster.workerId, ok: true };
  }

  @Get('calculate')
  async calculate(
    @Query('n') raw: unknown,
    @Res({ passthrough: true }) reply: { readonly raw: ServerResponse },
  ): Promise<object> {
    const input = readN(raw);
    if (!input.ok) throw new BadRequestException(input.error);
    // Nobody calculates for a client that has left.
    const countPrimes = this.#tasks.countPrimes.with({ signal: disconnectSignal(reply.raw) });
    return { worker: this.cluster.workerId, n: input.n, primes: await countPrimes(input.n) };
  }

  @Get('count')
  async count(): Promise<object> {
    const { value: count } = await this.cluster.state.increment('count');
    return { worker: this.cluster.workerId, count };
  }
}
