// Any process that runs the app: the exception filter for Corral's own errors. Translates only.
import { CorralError, toHttpError } from '@corral/core';
import { Catch, Inject, Injectable } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';

/**
 * Answers 503 with Retry-After when the task threads are saturated, 504 when a call took too long; what
 * else Corral throws is Nest's to answer. `ClusterModule` registers it for the whole application; filters
 * of the app's own that catch everything come before it.
 */
@Injectable()
@Catch(CorralError)
export class ClusterErrorFilter extends BaseExceptionFilter<CorralError> {
  readonly #adapterHost: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) adapterHost: HttpAdapterHost) {
    super(adapterHost.httpAdapter);
    this.#adapterHost = adapterHost;
  }

  override catch(error: CorralError, host: ArgumentsHost): void {
    const answer = toHttpError(error);
    const { httpAdapter } = this.#adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    if (host.getType() !== 'http' || answer === undefined || httpAdapter.isHeadersSent(response)) {
      super.catch(error, host);
      return;
    }
    for (const [name, value] of Object.entries(answer.headers)) {
      httpAdapter.setHeader(response, name, value);
    }
    httpAdapter.reply(response, answer.body, answer.status);
  }
}
