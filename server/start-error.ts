/**
 * Why a process cannot start, for the person in front of it: one sentence instead of a stack trace. What PostgreSQL,
 * the network and the operating system say by code is put into words; anything else is our own mistake.
 */
import { ClusterBusyError } from './db/cluster';

/** Thrown with a sentence for the operator. */
export class StartError extends Error {}

const UNREACHABLE = 'the database of DATABASE_URL cannot be reached';
const TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENOTFOUND: UNREACHABLE,
  EAI_AGAIN: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  // PostgreSQL: Appendix A, error codes.
  '28000': 'the database does not let this user in',
  '28P01': 'the database refuses the password of DATABASE_URL',
  '3D000': 'the database that DATABASE_URL names does not exist',
  '42501': 'the user of DATABASE_URL may not make tables: it must own its database',
  '57P03': 'the database is starting up',
  EADDRINUSE: 'the port is taken',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/** The sentence for what hinders the start; undefined for a mistake of ours. Never says a value that may be secret. */
export function startSentence(error: unknown): string | undefined {
  if (error instanceof StartError || error instanceof ClusterBusyError) return error.message;
  const { code, address, port } = error as { code?: unknown; address?: unknown; port?: unknown };
  const text = typeof code === 'string' && Object.hasOwn(TEXTS, code) ? TEXTS[code] : undefined;
  if (text === undefined) return undefined;
  const where = typeof port === 'number' ? `${typeof address === 'string' ? address : ''}:${port}, ` : '';
  return `${text} (${where}${String(code)})`;
}
