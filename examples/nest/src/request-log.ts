// Worker: a line for every request, at level `info`.
import { Injectable, Logger } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';

@Injectable()
export class RequestLog implements NestInterceptor {
  readonly #logger = new Logger('Requests');

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method, url } = context.switchToHttp().getRequest<FastifyRequest>();
    this.#logger.log(`incoming request ${method} ${url}`);
    return next.handle();
  }
}
