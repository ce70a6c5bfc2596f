/**
 * The operator of the campaign: decides what the merchant's policy leaves to a person (the money goes back), and pays
 * out, in the provider's own console, refunds that hang there. Asks whichever server is up; what fails is done later.
 */
import type { Site } from './site';

export class Person {
  decided = 0;
  paidOut = 0;

  constructor(private readonly site: Site) {}

  async decide(): Promise<void> {
    const { site } = this;
    for (const outTradeNo of await this.listed('/orders?state=UNCERTAIN')) {
      const route = `/orders/${outTradeNo}/settle`;
      const answer = await site.api('POST', route, { decision: 'refund' }).catch(() => undefined);
      if (answer?.status === 200) this.decided += 1;
    }
    for (const outTradeNo of await this.listed('/orders?state=REFUNDING&alarmed=true')) {
      const answer = await site
        .ask<{ paidOut?: number }>('POST', '/sandbox/pay-out', { outTradeNo })
        .catch(() => undefined);
      this.paidOut += answer?.paidOut ?? 0;
    }
  }

  /** Numbers of orders; none when the server that was asked has just been killed. */
  private async listed(route: string): Promise<string[]> {
    const found = await this.site.api('GET', route).catch(() => undefined);
    return found?.status === 200
      ? (found.body as { outTradeNo: string }[]).map(({ outTradeNo }) => outTradeNo)
      : [];
  }
}
