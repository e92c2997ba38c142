// Any process that runs the app: the exception filter for Corral's own errors. Translates only.
import { BODY_HEADERS, CorralError, toHttpError } from '@corral/core';
import { Catch, Inject, Injectable } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';

/** What Express's and Fastify's responses have in common. */
interface PlatformResponse {
  removeHeader(name: string): unknown;
}

/**
 * What the filter catches: what has an answer, whichever copy of core it is of. Nest asks this filter before
 * one that the root module provides, so all else has to pass it by.
 */
abstract class AnsweredError extends CorralError {
  static override [Symbol.hasInstance](error: unknown): boolean {
    return toHttpError(error) !== undefined;
  }
}

/**
 * Answers 503 with Retry-After when the task threads are saturated, 504 when a call took too long; what
 * else Corral throws is the app's, or Nest's, to answer. `ClusterModule` registers it for the whole application.
 * Filters of controllers, of their methods and of `app.useGlobalFilters()` come before it, one that the root
 * module provides as `APP_FILTER` after it.
 */
@Injectable()
@Catch(AnsweredError)
export class ClusterErrorFilter extends BaseExceptionFilter<CorralError> {
  readonly #adapterHost: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) adapterHost: HttpAdapterHost) {
    super(adapterHost.httpAdapter);
    this.#adapterHost = adapterHost;
  }

  override catch(error: CorralError, host: ArgumentsHost): void {
    // GraphQL and microservices have no response. Nest takes nothing for "not handled", and goes on as without a filter.
    if (host.getType() !== 'http') return;
    const answer = toHttpError(error);
    const { httpAdapter } = this.#adapterHost;
    const response = host.switchToHttp().getResponse<PlatformResponse>();
    if (answer === undefined || httpAdapter.isHeadersSent(response)) {
      super.catch(error, host);
      return;
    }
    for (const name of BODY_HEADERS) response.removeHeader(name);
    for (const [name, value] of Object.entries(answer.headers)) {
      httpAdapter.setHeader(response, name, value);
    }
    httpAdapter.reply(response, answer.body, answer.status);
  }
}
