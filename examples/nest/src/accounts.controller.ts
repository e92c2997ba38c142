// Worker: logging in and out, with a session that every worker knows.
import { readUser } from '@corral/example-shared';
import { Cluster } from '@corral/nest';
import { BadRequestException, Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface Session {
    user?: string;
  }
}

@Controller()
export class AccountsController {
  constructor(private readonly cluster: Cluster) {}

  @Post('login')
  @HttpCode(200)
  async login(@Req() request: FastifyRequest, @Body() body: unknown): Promise<object> {
    const input = readUser(body);
    if (!input.ok) throw new BadRequestException(input.error);
    // A new id: one that somebody has slipped the user before is worth nothing then.
    await request.session.regenerate();
    request.session.user = input.user;
    return { worker: this.cluster.workerId, user: input.user };
  }

  @Get('me')
  me(@Req() request: FastifyRequest): object {
    return { worker: this.cluster.workerId, user: request.session.user ?? null };
  }

  @Post('logout')
  @HttpCode(200)
  async logout(@Req() request: FastifyRequest): Promise<object> {
    await request.session.destroy();
    return { worker: this.cluster.workerId, user: null };
  }
}
