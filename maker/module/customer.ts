/**
 * A customer that pays by himself: every payment link that the module shows is opened and paid in the sandbox's wallet some
 * time later, each link once. Leaves the wallet's rules to the sandbox.
 */
import type { Clock } from '../../sim/time/clock';
import { CHANNEL_NAMES } from '../../src/protocol/codes';
import type { Frame } from '../../src/protocol/frame';
import { decodeHost, HostType } from '../../src/protocol/host';

/** Opens a link and pays it; says why not when it cannot. */
export type PayLink = (url: string) => Promise<void>;

/** `after:3s`, `after:500ms`, `after:2m`; throws a sentence for anything else. */
export function parsePayAfter(text: string): number {
  const match = /^after:(\d{1,6})(ms|s|m)$/.exec(text);
  if (!match) throw new Error(`expected after:3s, after:500ms or after:2m, not ${text}`);
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[match[2] as 'ms' | 's' | 'm'];
}

/** Pays over the wallet's own HTTP door. */
export function walletPayer(walletUrl: string): PayLink {
  return async (url) => {
    for (const action of ['open', 'pay']) {
      const answer = await fetch(`${walletUrl}/api/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url }),
      });
      if (!answer.ok) throw new Error(`the wallet would not ${action} it: ${await answer.text()}`);
    }
  };
}

export class Customer {
  private readonly seen = new Set<string>();

  constructor(
    private readonly clock: Clock,
    private readonly delayMs: number,
    private readonly pay: PayLink,
    private readonly say: (text: string) => void,
  ) {}

  /** A frame of the module: a QR code is what a customer sees. */
  see(frame: Frame): void {
    const fields = frame.type === HostType.Qr ? decodeHost(frame.type, frame.payload) : undefined;
    const url = fields?.url as string | undefined;
    if (url === undefined || this.seen.has(url)) return;
    this.seen.add(url);
    const what = `order ${fields!.order}, ${CHANNEL_NAMES[fields!.channel as number]}`;
    this.clock.setTimer(() => {
      this.pay(url).then(
        () => this.say(`the customer paid ${what}`),
        (error: Error) => this.say(`the customer could not pay ${what}: ${error.message}`),
      );
    }, this.delayMs);
  }
}
