/**
 * The kill campaign: real server processes on one real PostgreSQL, the provider sandbox, virtual devices with the
 * firmware's own order core. Trouble for a while, then rest, then the money laws over all three ledgers.
 */
import { sleep, systemClock } from '../../server/time';
import { Random } from '../../sim/time/random';
import { parameterForm, type MerchantParameters } from '../../sim/providers';
import { Attackers } from './attackers';
import { Chaos, USUAL_PACE, type ChaosPace } from './chaos';
import { Fleet, type DeviceSeat } from './fleet';
import { judge, judgeSecrecy, unrested } from './laws';
import { Person } from './person';
import { Site } from './site';

export interface CampaignOptions {
  readonly seed: number;
  /** How long trouble lasts; longer on a machine so slow that some kind of kill, or any sale, has not happened yet. */
  readonly seconds: number;
  /** Ends the trouble when so many orders were opened. */
  readonly orders?: number;
  readonly devices: number;
  readonly servers: number;
  /** Least life of a payment code. */
  readonly codeS?: number;
  /** How long a customer waits at the machine for what is paid. */
  readonly patienceS?: number;
  /** Average pause of a machine between two orders. */
  readonly pauseMs?: number;
  readonly pace?: Partial<ChaosPace>;
  readonly policies?: readonly Policy[];
  readonly say: (text: string) => void;
  /** Ends the campaign at once, and all its processes. */
  readonly signal?: AbortSignal;
}

type Policy = 'refund' | 'dispensed' | 'person';

export interface CampaignResult {
  readonly orders: number;
  readonly kills: number;
  readonly pgKills: number;
  readonly sandboxKills: number;
  readonly providerFaults: number;
  readonly violations: number;
  readonly seed: number;
  readonly paid: number;
  readonly refunded: number;
  readonly delivered: number;
  readonly reboots: number;
  readonly drops: number;
  readonly connections: number;
  readonly attacks: number;
  readonly restS: number;
  /** Refunds that the provider closed, so that another was made; refunds that hung there and were paid out. */
  readonly refundsClosed: number;
  readonly refundsHung: number;
  /** Orders that a person decided. */
  readonly decided: number;
  readonly alarms: Readonly<Record<string, number>>;
}

/** L7: all is at rest within this time once nothing goes wrong any more. */
const REST_LIMIT_MS = 240_000;
const REST_LOOK_MS = 500;
/** How often, in trouble, a person looks at what waits for one. */
const DECIDE_MS = 3_000;
const MAX_SHOWN = 20;
const EXTRA_TROUBLE_MS = 60_000;

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { seed, say, codeS = 30, patienceS = 40 } = options;
  const random = new Random(seed);
  const violations: string[] = [];
  const violate = (law: string, what: string): void => {
    violations.push(`${law} ${what}`);
    if (violations.length <= MAX_SHOWN) say(`VIOLATION ${law}: ${what}`);
  };
  const site = new Site({ servers: options.servers, seed, codeS, patienceS, say });
  options.signal?.addEventListener('abort', () => void site.close());
  try {
    await site.start();
    say(`${options.servers} servers, sandbox and PostgreSQL are up`);
    const secrets = new Map([
      ['API token', site.apiToken],
      ['master key', site.masterKey.split(':')[1]!],
    ]);
    const seats = await settleIn(site, options, secrets);
    const fleet = new Fleet({
      random: random.fork('fleet'),
      codeS,
      pay: (url) =>
        site.ask('POST', '/wallet/api/pay', { url }).then(
          () => undefined,
          () => undefined,
        ),
      gatewayPorts: () => site.gatewayPorts(),
      violate,
    });
    const person = new Person(site);
    const attackers = new Attackers(random.fork('attackers'), seats[0]!.id, (what) => violate('L5', what));
    const pace = { ...USUAL_PACE, ...options.pace };
    const chaos = new Chaos(site, fleet, attackers, random.fork('chaos'), pace);
    fleet.start(seats, options.pauseMs ?? 4_000);
    try {
      chaos.start();
      await trouble(options, person, fleet, chaos);
      fleet.stopSelling();
      await chaos.stop();
      const restS = await rest(site, person, fleet, violate, say);
      const settled = await judge(site, fleet.orders, violate, say);
      judgeSecrecy(site.output, secrets, violate);
      const delivered = [...fleet.orders.values()].filter((order) => order.delivered > 0).length;
      const { reboots, drops, connections } = fleet;
      return {
        orders: fleet.orders.size,
        ...chaos.counts,
        violations: violations.length,
        seed,
        paid: settled.paid,
        refunded: settled.refunded,
        delivered,
        reboots,
        drops,
        connections,
        attacks: attackers.tried,
        restS,
        refundsClosed: settled.refundsClosed,
        refundsHung: person.paidOut,
        decided: person.decided,
        alarms: settled.alarms,
      };
    } finally {
      fleet.stop();
    }
  } finally {
    await site.close();
  }
}

/** Merchants with parameters that were checked by signed calls, and their devices. */
async function settleIn(
  site: Site,
  options: CampaignOptions,
  secrets: Map<string, string>,
): Promise<DeviceSeat[]> {
  const { policies = ['refund', 'dispensed', 'person'] } = options;
  const merchants: number[] = [];
  for (const [index, policy] of policies.entries()) {
    const mode = index % 2 === 0 ? 'publicKey' : 'certificate';
    const parameters = await site.ask<MerchantParameters>('POST', '/sandbox/merchants', {
      name: `shop ${policy}`,
      wechatMode: mode,
      alipayMode: mode,
    });
    const merchant = await call<{ id: number }>(site, 'POST', '/merchants', {
      name: policy,
      uncertainPolicy: policy,
      maxOpenOrders: 100_000,
    });
    merchants.push(merchant.id);
    for (const channel of ['wechat', 'alipay'] as const) {
      const route = `/merchants/${merchant.id}/channels/${channel}`;
      await call(site, 'PUT', route, parameterForm(channel, parameters));
    }
    secrets.set(`APIv3 key of ${merchant.id}`, parameters.wechat.apiV3Key);
    secrets.set(`WeChat key of ${merchant.id}`, middleOf(parameters.wechat.merchantPrivateKeyPem));
    secrets.set(`Alipay key of ${merchant.id}`, middleOf(parameters.alipay.appPrivateKeyPem));
  }
  const seats: DeviceSeat[] = [];
  for (let number = 1; number <= options.devices; number++) {
    const id = `TD${String(number).padStart(6, '0')}`;
    const merchantId = merchants[number % merchants.length]!;
    const { key } = await call<{ key: string }>(site, 'POST', '/devices', { id, merchantId });
    seats.push({ id, merchantId, psk: Buffer.from(key, 'hex').toString('latin1') });
    secrets.set(`key of ${id}`, key);
  }
  return seats;
}

async function call<Answer>(site: Site, method: string, route: string, body: unknown): Promise<Answer> {
  const answer = await site.api(method, route, body);
  if (answer.status !== 200) throw new Error(`${method} ${route}: ${JSON.stringify(answer.body)}`);
  return answer.body as Answer;
}

function middleOf(pem: string): string {
  const lines = pem.trim().split('\n');
  return lines[Math.floor(lines.length / 2)]!;
}

async function trouble(
  { seconds, orders = Infinity, say }: CampaignOptions,
  person: Person,
  fleet: Fleet,
  { counts }: Chaos,
): Promise<void> {
  const endMs = systemClock.nowMs() + seconds * 1_000;
  let saidMs = 0;
  let decidedMs = systemClock.nowMs();
  const isOver = (): boolean => {
    const nowMs = systemClock.nowMs();
    if (nowMs >= endMs + EXTRA_TROUBLE_MS || fleet.orders.size >= orders) return true;
    const { kills, pgKills, sandboxKills } = counts;
    return nowMs >= endMs && Math.min(kills, pgKills, sandboxKills, fleet.delivered) > 0;
  };
  while (!isOver()) {
    await sleep(systemClock, 200);
    if (systemClock.nowMs() - decidedMs >= DECIDE_MS) {
      await person.decide();
      decidedMs = systemClock.nowMs();
    }
    if (systemClock.nowMs() - saidMs < 10_000) continue;
    saidMs = systemClock.nowMs();
    const { size } = fleet.orders;
    say(`${size} orders, ${fleet.openCount} open, ${fleet.readyCount} devices up; ${JSON.stringify(counts)}`);
  }
}

/** Waits until nothing is left to do on any side; a person decides where the policy says so. Gives seconds. */
async function rest(
  site: Site,
  person: Person,
  fleet: Fleet,
  violate: (law: string, what: string) => void,
  say: (text: string) => void,
): Promise<number> {
  const startMs = systemClock.nowMs();
  let saidMs = startMs;
  for (;;) {
    await sleep(systemClock, REST_LOOK_MS);
    await person.decide();
    const open = [...(await unrested(site.databaseUrl).catch(() => ['database'])), ...fleet.openOrders()];
    const nowMs = systemClock.nowMs();
    if (open.length === 0) return Math.round((nowMs - startMs) / 100) / 10;
    if (nowMs - startMs > REST_LIMIT_MS) {
      for (const name of open) violate('L7', `not at rest after ${REST_LIMIT_MS / 1_000} s: ${name}`);
      return Math.round((nowMs - startMs) / 100) / 10;
    }
    if (nowMs - saidMs > 10_000) {
      saidMs = nowMs;
      say(`coming to rest: ${open.length} left, among them ${open.slice(0, 3).join(', ')}`);
    }
  }
}
