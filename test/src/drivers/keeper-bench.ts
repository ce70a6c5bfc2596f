/** A keeper wired to a scripted modem in virtual time, and a record of what it told its listener. */
import { Keeper, type KeeperConfig } from '../../../src/drivers/keeper';
import type { PowerPins } from '../../../src/drivers/sim800-power';
import { VirtualClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { ScriptedModem } from './scripted-modem';
import { FirmwareClock, firmwareRandom } from './virtual-ports';

export const CONFIG: KeeperConfig = {
  apn: 'cmnet',
  apnUser: '',
  apnPassword: '',
  pin: '',
  host: 'link.example.com',
  port: 7700,
  heartbeat: { leastMs: 30_000, firstMs: 60_000, mostMs: 300_000 },
};

export interface BenchOptions {
  config?: Partial<KeeperConfig>;
  seed?: number;
  pins?: PowerPins;
  /** Answers the handshake and every heartbeat, as a live session would. */
  isServerLive?: boolean;
  /** Sends a message at each heartbeat, so that there is traffic. */
  hasPings?: boolean;
}

export class KeeperBench {
  readonly time = new VirtualClock(1_000_000);
  readonly clock = new FirmwareClock(this.time);
  readonly modem = new ScriptedModem(this.time);
  readonly keeper: Keeper;
  /** Everything told, in order: `up`, `down <reason>`, `beat`, `drain`, `state <n>`. */
  readonly told: string[] = [];
  readonly pinEvents: string[] = [];
  received = '';
  isServerLive: boolean;

  constructor(options: BenchOptions = {}) {
    this.isServerLive = options.isServerLive ?? true;
    const answer = (): void => {
      if (this.isServerLive) this.time.setTimer(() => this.isServerLive && this.keeper.alive(), 700);
    };
    this.keeper = new Keeper(
      {
        write: (bytes) => this.modem.write(bytes),
        setBaud: (baud) => {
          this.modem.hostBaud = baud;
        },
        clock: this.clock,
        random: firmwareRandom(new Random(options.seed ?? 1)),
        pins: options.pins ?? {
          key: (isActive) => this.pinEvents.push(`key ${isActive}`),
          reset: (isActive) => this.pinEvents.push(`reset ${isActive}`),
          supply: (isCut) => this.pinEvents.push(`supply ${isCut}`),
        },
      },
      { ...CONFIG, ...options.config },
      {
        onUp: () => {
          this.told.push('up');
          answer();
        },
        onDown: (reason) => this.told.push(`down ${reason}`),
        onData: (data) => {
          this.received += data;
        },
        onHeartbeatDue: () => {
          this.told.push('beat');
          if (options.hasPings) this.keeper.send('ping');
          answer();
        },
        onDrain: () => this.told.push('drain'),
        onState: (state) => this.told.push(`state ${state}`),
      },
    );
    this.modem.onBytes = (data) => this.keeper.receive(data);
  }

  count(event: string): number {
    return this.told.filter((one) => one.startsWith(event)).length;
  }

  /** Starts and waits for the link; gives whether it came up within `limitMs`. */
  bringUp(limitMs = 30_000): boolean {
    this.keeper.start();
    return this.time.runUntil(() => this.keeper.status().state === 10, limitMs);
  }

  /** Waits for the next `up`; gives the virtual milliseconds that it took, or NaN. */
  untilUpAgain(limitMs: number): number {
    const before = this.count('up');
    const startMs = this.time.nowMs();
    return this.time.runUntil(() => this.count('up') > before, limitMs) ? this.time.nowMs() - startMs : NaN;
  }
}
