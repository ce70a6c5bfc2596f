/**
 * What the auditor remembers of orders and machines: only what it saw from outside. Keeps, judges nothing.
 */
import type { Site } from './site';

/** One order as the auditor saw it. */
export interface OrderShadow {
  readonly name: string;
  readonly deviceId: string;
  readonly n: number;
  /** How far it had come in what host or server have heard. */
  heardRank: number;
  /** Its last state in flash. */
  deviceState: number;
  /** Times that the relay closed for it, and the start of the module in which it did. */
  pulses: number;
  pulseBoot: number;
  /** How often it should close in all; 0 before it has begun. */
  plannedPulses: number;
  /** Nobody can tell whether the goods came out: a cut between intent and done, or a lost memory. */
  isDoubtful: boolean;
  isMerchantRefund: boolean;
  /** What the host said, and the module took. */
  hostSaid: Set<'dispensed' | 'failed' | 'refund'>;
  /** The payment links that the platform has stored for it. */
  links: Set<string>;
}

export class SiteShadow {
  boots = 0;
  /** What was found after the last start has been judged. */
  isChecked = true;
  private readonly seen = new Map<number, Set<number>>();

  /** An order has stood in flash with this state. */
  note(n: number, state: number): void {
    this.states(n).add(state);
  }

  states(n: number): Set<number> {
    let states = this.seen.get(n);
    if (!states) this.seen.set(n, (states = new Set()));
    return states;
  }
}

export class Shadow {
  readonly sites = new Map<string, Site>();
  readonly orders = new Map<string, OrderShadow>();
  /** The auditor's own sum of the server's ledger, by account. */
  readonly sums = new Map<string, number>();
  private readonly siteShadows = new Map<string, SiteShadow>();

  of(site: Site): SiteShadow {
    let shadow = this.siteShadows.get(site.id);
    if (!shadow) {
      shadow = new SiteShadow();
      this.siteShadows.set(site.id, shadow);
      this.sites.set(site.id, site);
    }
    return shadow;
  }

  order(deviceId: string, n: number): OrderShadow {
    const name = `${deviceId}_${n}`;
    const known = this.orders.get(name);
    if (known) return known;
    const made: OrderShadow = {
      name,
      deviceId,
      n,
      heardRank: 0,
      deviceState: 0,
      pulses: 0,
      pulseBoot: 0,
      plannedPulses: 0,
      isDoubtful: false,
      isMerchantRefund: false,
      hostSaid: new Set(),
      links: new Set(),
    };
    this.orders.set(name, made);
    return made;
  }

  byName(outTradeNo: string): OrderShadow {
    const [deviceId, n] = outTradeNo.split('_') as [string, string];
    return this.order(deviceId, Number(n));
  }

  ofSite(deviceId: string): OrderShadow[] {
    return [...this.orders.values()].filter((order) => order.deviceId === deviceId);
  }

  post(account: string, amountFen: number): void {
    this.sums.set(account, (this.sums.get(account) ?? 0) + amountFen);
  }
}
