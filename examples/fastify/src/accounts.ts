// Worker: logging in and out, with a session that every worker knows.
import { readUser } from '@corral/example-shared';
import type { FastifyPluginAsync } from 'fastify';

declare module 'fastify' {
  interface Session {
    user?: string;
  }
}

export const accounts: FastifyPluginAsync<{ workerId: number }> = async (app, { workerId }) => {
  app.post('/login', async (request, reply) => {
    const input = readUser(request.body);
    if (!input.ok) return await reply.code(400).send(input.error);
    // A new id: one that somebody has slipped the user before is worth nothing then.
    await request.session.regenerate();
    request.session.user = input.user;
    return { worker: workerId, user: input.user };
  });

  app.get('/me', async (request) => ({ worker: workerId, user: request.session.user ?? null }));

  app.post('/logout', async (request) => {
    await request.session.destroy();
    return { worker: workerId, user: null };
  });
};
