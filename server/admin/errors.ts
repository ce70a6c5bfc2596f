/**
 * What can go wrong with a request to the admin services: one table of codes with HTTP status and text.
 * docs/operating.md lists the same table; a test compares. Callers branch on codes, never on texts.
 */

export const API_ERRORS = {
  BAD_REQUEST: { status: 400, text: 'The request is malformed.' },
  UNAUTHORIZED: { status: 401, text: 'A valid bearer token is needed.' },
  FORBIDDEN: { status: 403, text: 'This token may not do this.' },
  NOT_FOUND: { status: 404, text: 'There is no such thing, or it is another merchant’s.' },
  METHOD_NOT_ALLOWED: { status: 405, text: 'This address does not take this method.' },
  EXISTS: { status: 409, text: 'It exists already.' },
  WRONG_STATE: { status: 409, text: 'The order’s state does not allow this.' },
  BODY_TOO_LARGE: { status: 413, text: 'The body is too large.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, text: 'The body must be JSON.' },
  PARAMETERS_WRONG: { status: 422, text: 'The payment parameters do not work.' },
  INTERNAL: { status: 500, text: 'The server failed; the log says why.' },
  UNAVAILABLE: { status: 503, text: 'The server is starting, stopping, or without its database.' },
} as const;

export type ApiErrorCode = keyof typeof API_ERRORS;

/** A request that cannot be followed. `detail` is for the caller: no secrets, no other merchant's data. */
export class ApiError extends Error {
  constructor(
    readonly code: ApiErrorCode,
    readonly detail?: string,
  ) {
    super(detail ?? API_ERRORS[code].text);
  }
}

/** What is there, but another merchant's: the caller hears that there is no such thing, the log hears the truth. */
export class ForeignError extends ApiError {
  constructor() {
    super('NOT_FOUND');
  }
}
