// Worker: the example's routes; the health routes are ClusterModule's.
import { countPrimes, readN } from '@corral/example-shared';
import { Cluster } from '@corral/nest';
import { BadRequestException, Controller, Get, Query } from '@nestjs/common';

@Controller()
export class AppController {
  constructor(private readonly cluster: Cluster) {}

  @Get()
  index(): object {
    return { worker: this.cluster.workerId, pid: process.pid, message: 'Hello from Nest' };
  }

  @Get('fast')
  fast(): object {
    return { worker: this.cluster.workerId, ok: true };
  }

  @Get('calculate')
  calculate(@Query('n') raw: unknown): object {
    const input = readN(raw);
    if (!input.ok) throw new BadRequestException(input.error);
    return { worker: this.cluster.workerId, n: input.n, primes: countPrimes(input.n) };
  }

  // The sum of what the workers last reported, up to 250 ms old: a placeholder until the cluster has
  // shared state to count in.
  @Get('count')
  async count(): Promise<object> {
    const { requests } = await this.cluster.status();
    return { worker: this.cluster.workerId, requests };
  }
}
