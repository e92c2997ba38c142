import 'reflect-metadata';
import { CorralError } from '@corral/core';
import type { CorralErrorCode } from '@corral/core';
import { Catch, Controller, Get, Module, Res } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter, INestApplication } from '@nestjs/common';
import { APP_FILTER, ExternalContextCreator, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { ClusterModule } from './cluster-module.js';

/** As from another copy of core, whose class is another one. */
function foreignError(code: CorralErrorCode): Error {
  return Object.assign(new Error(code), { name: 'CorralError', code });
}

/** What Express's and Fastify's responses have in common. */
interface PlatformResponse {
  header(name: string, value: string): unknown;
}

@Controller()
class AppController {
  @Get('late')
  late(@Res({ passthrough: true }) response: PlatformResponse): never {
    for (const name of ['content-encoding', 'last-modified']) response.header(name, 'stale');
    throw new CorralError('OFFLOAD_TIMEOUT', 'late');
  }

  @Get('foreign')
  foreign(): never {
    throw foreignError('OFFLOAD_SATURATED');
  }

  @Get('other')
  other(): never {
    throw new CorralError('STATE_FULL', 'full');
  }
}

@Catch()
class CatchAll implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): void {
    const { httpAdapter } = app.get(HttpAdapterHost);
    httpAdapter.reply(host.switchToHttp().getResponse(), `the app's: ${error.message}`, 418);
  }
}

@Module({
  imports: [ClusterModule.forRoot()],
  controllers: [AppController],
  providers: [{ provide: APP_FILTER, useClass: CatchAll }],
})
class AppModule {}

let app: INestApplication;

afterEach(async () => await app.close());

describe('ClusterErrorFilter', () => {
  it.each([
    ['express', () => new ExpressAdapter()],
    ['fastify', () => new FastifyAdapter()],
  ])(
    'on %s answers what has an answer, and leaves the rest to the app',
    async (_platform, adapter) => {
      app = await NestFactory.create(AppModule, adapter(), { logger: false });
      await app.listen(0, '127.0.0.1');
      const url = await app.getUrl();
      const ask = async (path: string): Promise<[number, string]> => {
        const response = await fetch(`${url}/${path}`);
        expect([...response.headers.values()]).not.toContain('stale');
        return [response.status, await response.text()];
      };
      expect(await ask('late')).toEqual([504, expect.stringContaining('OFFLOAD_TIMEOUT')]);
      expect(await ask('foreign')).toEqual([503, expect.stringContaining('OFFLOAD_SATURATED')]);
      expect(await ask('other')).toEqual([418, "the app's: full"]);
    },
  );

  it('lets errors through to callers that are not HTTP, such as GraphQL', async () => {
    app = await NestFactory.create(ClusterModule.forRoot(), { logger: false });
    await app.init();
    const error = new CorralError('OFFLOAD_SATURATED', 'busy');
    const resolver = {
      busy(): never {
        throw error;
      },
    };
    const resolve = app
      .get(ExternalContextCreator)
      .create(
        resolver,
        resolver.busy,
        'busy',
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        'graphql',
      );
    await expect(resolve({}, {}, {}, {})).rejects.toBe(error);
  });
});
