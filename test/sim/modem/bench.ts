/**
 * A host's side of the simulated modem for its own tests: sends lines, collects what comes back, moves time.
 * Knows nothing of any driver; expectations in the tests are typed from SIMCom's manual.
 */
import { VirtualClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { serialPair, type SerialPort } from '../../../sim/serial/line';
import { SimulatedNetwork, type SimulatedNetworkOptions } from '../../../sim/network/simulated-network';
import { IDEAL } from '../../../sim/network/profile';
import type { ServerConnection } from '../../../sim/network/internet';
import { Sim800, type Sim800Options } from '../../../sim/modem/sim800';
import { FAST } from '../../../sim/modem/timing';

export const SERVER = '203.0.113.5';
export const PORT = 9000;

export class Bench {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly host: SerialPort;
  readonly line: SerialPort;
  readonly network: SimulatedNetwork;
  readonly modem: Sim800;
  /** The server's ends of accepted connections, in order. */
  readonly accepted: ServerConnection[] = [];
  /** What each accepted connection has received. */
  readonly arrived: string[] = [];
  readonly closeReasons: string[] = [];
  output = '';

  constructor(
    options: Partial<Sim800Options> = {},
    network: Partial<SimulatedNetworkOptions> = {},
    seed = 1,
  ) {
    this.random = new Random(seed);
    [this.host, this.line] = serialPair(this.clock, this.random);
    this.host.onData = (bytes) => {
      this.output += bytes.toString('latin1');
    };
    this.network = new SimulatedNetwork({
      clock: this.clock,
      random: this.random.fork('network'),
      profile: IDEAL,
      ...network,
    });
    this.network.internet.setName('link.example', SERVER);
    this.network.internet.listen(SERVER, PORT, (connection) => this.accept(connection));
    this.modem = new Sim800({
      clock: this.clock,
      random: this.random.fork('modem'),
      serial: this.line,
      network: this.network,
      timing: FAST,
      hostBaud: () => this.host.baud,
      ...options,
    });
  }

  /** Presses PWRKEY, waits for the serial port, for autobaud and for registration; echo off. */
  start(): this {
    this.powerOn();
    this.send('ATE0\r');
    this.clock.advance(1_000);
    this.output = '';
    return this;
  }

  powerOn(): void {
    this.modem.pressPowerKey();
    this.clock.advance(6_000);
  }

  send(text: string): void {
    this.host.write(Buffer.from(text, 'latin1'));
  }

  /** Sends a line and gives everything that comes back within `waitMs`. */
  ask(line: string, waitMs = 200): string {
    this.output = '';
    this.send(`${line}\r`);
    this.clock.advance(waitMs);
    return this.output;
  }

  /** The same as lines without the empty ones. */
  lines(line: string, waitMs = 200): string[] {
    return this.ask(line, waitMs)
      .split('\r\n')
      .filter((text) => text !== '');
  }

  /** Everything that comes within `waitMs`. */
  wait(waitMs: number): string {
    this.output = '';
    this.clock.advance(waitMs);
    return this.output;
  }

  /** IP STATUS, ready for AT+CIPSTART. */
  online(...settings: string[]): this {
    this.start();
    for (const line of [...settings, 'AT+CSTT="CMNET"', 'AT+CIICR', 'AT+CIFSR']) this.ask(line);
    return this;
  }

  /** A connection: `0` with several links, the only one otherwise. */
  connected(...settings: string[]): this {
    this.online(...settings);
    const isMulti = settings.includes('AT+CIPMUX=1');
    this.ask(`AT+CIPSTART=${isMulti ? '0,' : ''}"TCP","${SERVER}","${PORT}"`, 2_000);
    this.output = '';
    return this;
  }

  private accept(connection: ServerConnection): void {
    const index = this.accepted.push(connection) - 1;
    this.arrived.push('');
    connection.onData = (bytes) => {
      this.arrived[index] += bytes.toString('latin1');
    };
    connection.onClose = (reason) => {
      this.closeReasons[index] = reason;
    };
  }
}
