// Any process: sessions for the application, as its platform has them; another platform needs another file.
import { readSessionSecret } from '@corral/example-shared';
import { sessionOptions } from '@corral/fastify/session';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

// In the primary too: its workers inherit a secret that is made for this run.
const secret = readSessionSecret();

export async function addSessions(app: INestApplication): Promise<void> {
  const fastify = app as NestFastifyApplication;
  await fastify.register(fastifyCookie);
  // 'auto': this example speaks plain HTTP, and browsers keep secure cookies for TLS.
  await fastify.register(fastifySession, sessionOptions({ secret, secure: 'auto' }));
}
