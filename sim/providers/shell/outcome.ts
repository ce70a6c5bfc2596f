/**
 * Carries out over HTTP what the model has decided: answer now or later, say nothing for ever, break the
 * connection. Who signs and how an answer is written is the caller's.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../time/clock';
import type { Answer } from '../core/adapter';
import type { Outcome } from '../core/model';

export function carryOut(
  outcome: Outcome,
  request: FastifyRequest,
  reply: FastifyReply,
  clock: Clock,
  write: (answer: Answer, isSignatureBad: boolean) => void,
): void {
  if (outcome.kind === 'silence') {
    // The caller's own time-out, or the closing of the server, ends the connection.
    reply.hijack();
    return;
  }
  if (outcome.kind === 'reset') {
    reply.hijack();
    request.raw.socket.resetAndDestroy();
    return;
  }
  const { answer, delayMs, isSignatureBad } = outcome;
  if (delayMs > 0) clock.setTimer(() => write(answer, isSignatureBad), delayMs);
  else write(answer, isSignatureBad);
}
