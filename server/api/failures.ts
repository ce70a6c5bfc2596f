/**
 * What a failed request is answered: a code of admin/errors.ts, whatever failed, and for an unexpected failure
 * nothing beside it, because its text may hold addresses, values, or parts of statements. The log gets the truth.
 * Invariant: every route answers failures through here; Fastify's own answers repeat the error's text.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, API_ERRORS, ForeignError, type ApiErrorCode } from '../admin/errors';

/** Fastify's own refusals, by status. */
const STATUS_CODES: Readonly<Record<number, ApiErrorCode>> = {
  400: 'BAD_REQUEST',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'BODY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

/** Refusals that somebody should see who looks for intruders; the others are everyday mistakes. */
const NOTED: ReadonlySet<ApiErrorCode> = new Set(['UNAUTHORIZED', 'FORBIDDEN', 'BODY_TOO_LARGE']);

/** PostgreSQL, Appendix A: connection exceptions, shut down or starting, too many connections; and the sockets'. */
const AWAY_CODE =
  /^(08\w{3}|57P0[123]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ETIMEDOUT)$/;
/** What the driver says without a code. */
const AWAY_TEXT =
  /^Connection terminated|^timeout exceeded when trying to connect|and is not queryable|^DATABASE: /;

function isDatabaseAway(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return AWAY_CODE.test(String(code)) || AWAY_TEXT.test(String(message));
}

function knownOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const status = (error as { statusCode?: number }).statusCode;
  return new ApiError(isDatabaseAway(error) ? 'UNAVAILABLE' : (STATUS_CODES[status ?? 500] ?? 'INTERNAL'));
}

/** Answers a failure, and logs what the log should know; `actor` is who asked, where that is known. */
export function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  actor?: string,
): FastifyReply {
  const known = knownOf(error);
  const { method, ip: address, routeOptions } = request;
  if (known.code === 'INTERNAL' || known.code === 'UNAVAILABLE') {
    const level = known.code === 'INTERNAL' ? 'error' : 'warn';
    request.log[level]({ error: (error as Error).message, url: routeOptions.url }, 'request failed');
  }
  const isForeign = known instanceof ForeignError;
  if (isForeign || NOTED.has(known.code)) {
    request.log.warn(
      { actor, method, url: routeOptions.url, address, code: isForeign ? 'FOREIGN' : known.code },
      'request refused',
    );
  }
  const { status, text } = API_ERRORS[known.code];
  const detail = known.detail === undefined ? {} : { detail: known.detail };
  return reply.code(status).send({ error: known.code, text, ...detail });
}
