/**
 * A whole fleet in virtual time under one seed: machines with the built bundle, cells, the platform's core, both
 * providers' model, and the auditor that watches all of it. Leaves what happens to whoever plays in it.
 * Invariant: the same firmware, plan and seed give the same world, to the last event.
 */
import type { Firmware } from '../../scripts/build/build';
import type { Policy } from '../../server/orders/model';
import { memoryStore, type CutPhase, type FlashOperation } from '../flash';
import { SimulatedInternet } from '../network/internet';
import { IDEAL, NETWORK_PROFILES } from '../network/profile';
import { alipayAdapter, ProviderModel, wechatAdapter } from '../providers';
import { Random } from '../time/random';
import { Auditor } from './auditor';
import { writeJournal } from './journal-writer';
import { Loop } from './loop';
import type { Plan, SitePlan } from './plan';
import { Platform, SERVER_NAME, SERVER_PORT } from './platform';
import { ACCOUNTS, ProviderPort } from './provider-port';
import { journalBytes, sectorPlaces, Site, type SiteWatch } from './site';
import { Verdict } from './verdict';

/** The provider's answers take so long to change a refund from PROCESSING. */
const REFUND_DELAY_MS = 1_000;
const REFUND_WINDOW_MS = 86_400_000;
/** Settings under which every mode delivers within seconds. */
const SETTINGS = { onMs: 200, offMs: 100, fenPerPulse: 100, msPerFen: 5, hostReportS: 20 };

export class World {
  readonly loop = new Loop();
  readonly random: Random;
  readonly internet = new SimulatedInternet();
  readonly model: ProviderModel;
  readonly ports: Readonly<Record<'wechat' | 'alipay', ProviderPort>>;
  readonly platform: Platform;
  readonly auditor: Auditor;
  readonly sites: Site[] = [];
  readonly verdict: Verdict;
  /** Where power fails at a flash operation; asked before each. */
  onFlash: (site: Site, operation: FlashOperation) => CutPhase | undefined = () => undefined;
  /** Frames that the firmware writes to the host, traffic at the server, moves of relays, power: for cuts. */
  onHostWrite: (bytes: number) => void = () => undefined;
  onTraffic: (direction: 'up' | 'down') => void = () => undefined;
  onRelayMove: () => void = () => undefined;
  onPower: (isOn: boolean) => void = () => undefined;
  /** What happens, line by line, for people. */
  trace: ((text: string) => void) | undefined;

  constructor(
    private readonly firmware: Firmware,
    readonly plan: Pick<Plan, 'seed' | 'cell' | 'uncertain' | 'sites'>,
  ) {
    const { loop } = this;
    this.random = new Random(plan.seed).fork('world');
    this.model = new ProviderModel({
      clock: loop.clock,
      random: this.random.fork('providers'),
      adapters: { wechat: wechatAdapter, alipay: alipayAdapter },
      settings: { refundDelayMs: REFUND_DELAY_MS },
      deliver: (delivery, done) => this.platform.deliver(delivery, done),
    });
    for (const channel of ['wechat', 'alipay'] as const) {
      this.model.addMerchant({ channel, name: 'World', ...ACCOUNTS[channel] });
    }
    const chance = this.random.fork('calls');
    const port = { model: this.model, clock: loop.touchingClock(), random: chance };
    this.ports = { wechat: new ProviderPort('wechat', port), alipay: new ProviderPort('alipay', port) };
    this.auditor = new Auditor({
      nowMs: () => loop.nowMs(),
      store: () => this.platform.store,
      providers: this.model.book,
    });
    this.platform = this.makePlatform({ uncertain: plan.uncertain, refundWindowMs: REFUND_WINDOW_MS });
    plan.sites.forEach((sitePlan, index) => this.sites.push(this.makeSite(sitePlan, index)));
    this.verdict = new Verdict(this.auditor, this.platform, this.model, this.sites);
    this.platform.start();
    for (const site of this.sites) site.powerOn();
  }

  /** Whether each machine has a session with the server. */
  get isLinked(): boolean {
    return this.sites.every((site) => this.platform.devices.online.has(site.id));
  }

  /** A line for people, when anybody listens. */
  note(line: () => string): void {
    this.trace?.(`${((this.loop.nowMs() % 100_000_000) / 1_000).toFixed(3).padStart(10)} ${line()}`);
  }

  private makePlatform(policy: Policy): Platform {
    const { loop } = this;
    return new Platform({
      loop,
      random: this.random.fork('platform'),
      internet: this.internet,
      providers: this.ports,
      policy,
      watch: {
        onChange: (before, change) => {
          this.note(() => {
            const { order, records } = change;
            const causes = records.map((record) => record.type).join(', ');
            return `server ${order.outTradeNo} ${before?.state ?? 'nothing'} → ${order.state} (${causes})`;
          });
          this.auditor.onChange(before, change);
        },
        onMessage: (wire, deviceId, message) => {
          this.note(() => `server hears ${deviceId} ${JSON.stringify(message)}`);
          this.auditor.onMessage(wire, deviceId, message);
        },
        onBegin: (wire, deviceId) => this.auditor.onBegin(wire, deviceId),
        onTraffic: (direction) => this.onTraffic(direction),
        onLog: (line) => {
          this.note(() => `server log ${line}`);
          for (const site of this.sites) this.auditor.secrecy(site, line, 'the server’s log');
        },
        onError: (error) => this.failed('server', error),
      },
    });
  }

  /** An exception that should not be: our own mistake, and no law can be trusted after it. */
  private failed(where: string, error: unknown): void {
    const text = error instanceof Object && 'message' in error ? String(error.message) : String(error);
    this.auditor.broken('L7 live', 'nothing throws', `${where}: ${text}`);
  }

  private makeSite(sitePlan: SitePlan, index: number): Site {
    const id = `CS${String(index + 1).padStart(6, '0')}`;
    const random = this.random.fork(id);
    const key = random.fork('key').bytes(16);
    const keyHex = key.toString('hex');
    this.platform.addDevice(id, key.toString('latin1'));
    this.platform.store.devices.get(id)!.lastOrder = sitePlan.lastOrder;
    const store = memoryStore(journalBytes(this.firmware));
    writeJournal(store.bytes, sectorPlaces(this.firmware), {
      identity: {
        id,
        key: keyHex,
        host: SERVER_NAME,
        port: SERVER_PORT,
        apn: 'cmnet',
        user: '',
        pass: '',
        pin: '',
      },
      settings: { ...SETTINGS, mode: sitePlan.mode },
      lastOrder: sitePlan.lastOrder,
      isSynced: sitePlan.isSynced,
      freeBytes: sitePlan.freeBytes,
    });
    const site = new Site({
      id,
      keyHex,
      loop: this.loop,
      random,
      internet: this.internet,
      firmware: this.firmware,
      store,
      watch: this.siteWatch(),
      profile: NETWORK_PROFILES[this.plan.cell] ?? IDEAL,
      clockRate: sitePlan.clockRate,
      unstableBits: sitePlan.unstableBits,
      enduranceErases: sitePlan.enduranceErases,
    });
    site.host.onHeard = (type, fields) => {
      this.note(() => `${id} host hears 0x${type.toString(16)} ${JSON.stringify(fields)}`);
      this.auditor.onHeard(site, type, fields);
    };
    this.auditor.watch(site);
    return site;
  }

  private siteWatch(): SiteWatch {
    const { auditor } = this;
    return {
      onRelay: (site, relay, isOn) => {
        this.note(() => `${site.id} relay ${relay} ${isOn ? 'on' : 'off'}`);
        auditor.onRelay(site, relay, isOn);
        this.onRelayMove();
      },
      onWrite: (site, bytes) => {
        auditor.onWrite(site, bytes);
        this.onHostWrite(bytes.length);
      },
      onStart: (site) => {
        this.note(() => `${site.id} power on`);
        this.onPower(true);
        auditor.onStart(site);
      },
      onCut: (site) => {
        this.note(() => `${site.id} power cut`);
        auditor.onCut(site);
        this.onPower(false);
      },
      onConsole: (site, line) => {
        this.note(() => `${site.id} console: ${line}`);
        auditor.secrecy(site, line, 'the console');
      },
      onCrash: (site, error) => this.failed(site.id, error),
      onFlash: (site, operation) => {
        const phase = this.onFlash(site, operation);
        const how = phase ? ` cut ${phase}` : '';
        this.note(() => `${site.id} flash ${operation.kind} ${operation.number}${how}`);
        return phase;
      },
    };
  }
}
