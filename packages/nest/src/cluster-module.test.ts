import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import type { INestApplication, MiddlewareConsumer, NestModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { ClusterModule } from './cluster-module.js';

@Controller()
class AppController {
  @Get()
  home(): string {
    return 'home';
  }
}

@Module({ imports: [ClusterModule.forRoot({ health: { live: '/alive' } })] })
class FeatureModule {}

@Module({
  imports: [ClusterModule.forRoot(), FeatureModule],
  controllers: [AppController],
})
class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const deny = (_request: unknown, response: Response, _next: () => void): void => {
      response.statusCode = 401;
      response.end('denied');
    };
    consumer
      .apply(deny)
      .exclude(...excluded)
      .forRoutes('*');
  }
}

/** What the app's middleware leaves out. */
let excluded: readonly string[] = [];

/** What Express's and Fastify's raw responses have in common. */
interface Response {
  statusCode: number;
  end(body: string): void;
}

const apps: INestApplication[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map(async (app) => await app.close()));
});

describe.each([
  ['express', () => new ExpressAdapter(), []],
  // Fastify runs middleware before it looks for routes' handlers.
  ['fastify', () => new FastifyAdapter(), ['livez', 'readyz', 'alive']],
] as const)('ClusterModule on platform-%s', (_platform, adapter, toExclude) => {
  const ask = async (paths: readonly string[]): Promise<unknown[]> => {
    excluded = toExclude;
    const app = await NestFactory.create(AppModule, adapter(), { logger: false });
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return await Promise.all(
      paths.map(async (path) => {
        const response = await fetch(url + path);
        return [response.status, await response.text()];
      }),
    );
  };

  it('may be imported by several modules', async () => {
    expect(await ask(['/livez', '/alive', '/readyz?verbose'])).toEqual([
      [200, 'ok'],
      [200, 'ok'],
      [200, '[+]serving ok\nready check passed\n'],
    ]);
  });

  it('answers probes before the middleware of the app, on Fastify where that leaves them out', async () => {
    expect(await ask(['/', '/livez', '/readyz'])).toEqual([
      [401, 'denied'],
      [200, 'ok'],
      [200, 'ok'],
    ]);
  });
});

describe('options of ClusterModule', () => {
  it.each([
    ['heath', { heath: false }],
    ['health', { health: { live: 'no-slash' } }],
    ['cluster', { cluster: 3 }],
  ])('a wrong %s fails the start and is named', async (option, options) => {
    for (const module of [
      ClusterModule.forRoot(options as never),
      ClusterModule.forRootAsync({ useFactory: () => options as never }),
    ]) {
      const start = async (): Promise<void> => {
        const made = await NestFactory.create(module, { logger: false, abortOnError: false });
        apps.push(made);
        await made.init();
      };
      await expect(start()).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(`ClusterModule, options.${option}`),
      });
    }
  });

  it('may have isGlobal beside them', async () => {
    const module = ClusterModule.forRoot({ isGlobal: false });
    apps.push(await NestFactory.create(module, { logger: false, abortOnError: false }));
    expect(module.global).toBe(false);
  });
});
