/**
 * The module's real-time clock: 2004 after a power cut, the network's local time once AT+CLTS=1 is in force and
 * the module registers. Source: SIM800 Series AT Command Manual V1.09, sections 3.2.43 (CCLK), 6.2.12 (CLTS).
 * Invariant: text form and milliseconds agree; the offset is in quarter hours.
 */
import type { Session } from './session';

/** What CCLK shows when nobody has set it. */
const RESET_TEXT = '04/01/01,00:00:00+00';
const QUARTER_HOUR_MS = 900_000;
/** The simulated carrier's local time: UTC+8, quarter hours. */
const NETWORK_ZONE = 32;
const CLOCK_TEXT = /^(\d\d)\/(\d\d)\/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)$/;

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

export class ModuleClock {
  private setAtMs: number;
  private valueMs = 0;
  private zone = 0;

  constructor(private readonly session: Session) {
    this.setAtMs = session.clock.nowMs();
    this.set(RESET_TEXT);
  }

  /** `yy/MM/dd,hh:mm:ss±zz`, local time. */
  get text(): string {
    const localMs = this.valueMs + (this.session.clock.nowMs() - this.setAtMs);
    const date = new Date(localMs);
    const day = [date.getUTCFullYear() % 100, date.getUTCMonth() + 1, date.getUTCDate()];
    const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
    const sign = this.zone < 0 ? '-' : '+';
    return `${day.map(twoDigits).join('/')},${time.map(twoDigits).join(':')}${sign}${twoDigits(Math.abs(this.zone))}`;
  }

  /** AT+CCLK=. False when the text is not a date and time. */
  set(text: string): boolean {
    const match = CLOCK_TEXT.exec(text);
    if (!match) return false;
    const [year, month, day, hour, minute, second, zone] = match.slice(1).map(Number) as number[];
    if (month! < 1 || month! > 12 || day! < 1 || day! > 31) return false;
    if (hour! > 23 || minute! > 59 || second! > 59 || Math.abs(zone!) > 96) return false;
    this.valueMs = Date.UTC(2000 + year!, month! - 1, day!, hour!, minute!, second!);
    this.zone = zone!;
    this.setAtMs = this.session.clock.nowMs();
    return true;
  }

  /** The network tells its time (NITZ). */
  fromNetwork(): void {
    const { clock, settings, terminal } = this.session;
    if (!settings.timestamp) return;
    this.zone = NETWORK_ZONE;
    this.setAtMs = clock.nowMs();
    this.valueMs = this.setAtMs + NETWORK_ZONE * QUARTER_HOUR_MS;
    const utc = new Date(this.setAtMs);
    const parts = [
      utc.getUTCFullYear(),
      utc.getUTCMonth() + 1,
      utc.getUTCDate(),
      utc.getUTCHours(),
      utc.getUTCMinutes(),
      utc.getUTCSeconds(),
    ];
    terminal.notice(`*PSUTTZ: ${parts.join(', ')}, "+${NETWORK_ZONE}", 0`);
    terminal.notice('DST: 0');
  }
}
