/**
 * Bills that may be fetched for a short while under an unguessable token. Kept in memory only: a link that was
 * given out before a restart is dead, as an old link is anyway.
 */

import type { Context } from './context';
import { newOpaqueToken } from './numbers';

export interface Download {
  readonly merchantId: string;
  readonly fileName: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly expiresMs: number;
}

const MAX_KEPT = 1_000;

export class Downloads {
  private readonly byToken = new Map<string, Download>();

  constructor(private readonly context: Context) {}

  /** Keeps the file for `lifeMs` and gives its token. */
  keep(file: Omit<Download, 'expiresMs'>, lifeMs: number): string {
    const [oldest] = this.byToken.keys();
    if (this.byToken.size >= MAX_KEPT && oldest !== undefined) this.byToken.delete(oldest);
    const token = newOpaqueToken(this.context.random);
    this.byToken.set(token, { ...file, expiresMs: this.context.clock.nowMs() + lifeMs });
    return token;
  }

  /** The file, while its time lasts. */
  find(token: string): Download | undefined {
    const file = this.byToken.get(token);
    return file && this.context.clock.nowMs() < file.expiresMs ? file : undefined;
  }
}
