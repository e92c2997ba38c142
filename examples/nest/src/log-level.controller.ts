// Worker: Nest's log level follows the cluster's configuration, and can be changed for all workers at once.
import { readLogLevel } from '@corral/example-shared';
import type { LogLevel } from '@corral/example-shared';
import { Cluster, ConfigChannel } from '@corral/nest';
import { BadRequestException, Body, Controller, Get, Logger, Put } from '@nestjs/common';
import type { LogLevel as NestLogLevel } from '@nestjs/common';

/** The quietest last, as `LogLevel` names them and as Nest does. */
const NEST_LEVELS: ReadonlyArray<readonly [LogLevel, NestLogLevel]> = [
  ['trace', 'verbose'],
  ['debug', 'debug'],
  ['info', 'log'],
  ['warn', 'warn'],
  ['error', 'error'],
  ['fatal', 'fatal'],
];

function applyLogLevel(logLevel: LogLevel): void {
  const from = NEST_LEVELS.findIndex(([name]) => name === logLevel);
  const levels = from < 0 ? [] : NEST_LEVELS.slice(from);
  Logger.overrideLogger(levels.map(([, nestLevel]) => nestLevel));
}

@Controller('log-level')
export class LogLevelController {
  constructor(
    private readonly cluster: Cluster,
    private readonly config: ConfigChannel<{ readonly logLevel: LogLevel }>,
  ) {
    applyLogLevel(config.current.logLevel);
    // In every worker, before the update is answered.
    config.subscribe((next) => applyLogLevel(next.logLevel));
  }

  @Get()
  get(): object {
    return { worker: this.cluster.workerId, logLevel: this.config.current.logLevel };
  }

  // An app of its own would ask who is there, or leave it to the admin server.
  @Put()
  async set(@Body() body: unknown): Promise<object> {
    const input = readLogLevel(body);
    if (!input.ok) throw new BadRequestException(input.error);
    return await this.config.update({ logLevel: input.logLevel });
  }
}
