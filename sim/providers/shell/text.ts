/**
 * Bodies as the text that came, whatever their type: signatures are made over the text, so nothing may parse it
 * first. Applies to the plugin that calls it only.
 */

import type { FastifyInstance } from 'fastify';

/** More than any request of either provider needs. */
export const BODY_LIMIT_BYTES = 64 * 1024;

export function readText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
    (_request, body, done) => {
      done(null, body);
    },
  );
}
