/**
 * A modem for the driver's own tests: answers each command from a table that the test can change, at once or
 * after a while, and lets the test say anything at any moment. Deliberately knows nothing of states: what a
 * SIM800 does is the business of sim/modem, what the driver makes of given bytes is tested with this.
 */
import type { VirtualClock } from '../../../sim/time/clock';

export type Reply = string | (() => string) | undefined;

const OK = '\r\nOK\r\n';

export class ScriptedModem {
  /** Every command received, without `AT`, in order. */
  readonly commands: string[] = [];
  /** Every payload received after a prompt. */
  readonly payloads: string[] = [];
  /** Bytes that the platform has sent and nobody has read yet, by socket. */
  readonly received: { [socket: number]: string } = {};
  isDead = false;
  /** The host's rate must be this one. */
  baud = 115200;
  hostBaud = 115200;
  replyDelayMs = 5;
  onBytes: (data: string) => void = () => {};

  readonly replies: { [command: string]: Reply } = {
    E0V1: OK,
    '+IPR?': '\r\n+IPR: 115200\r\n' + OK,
    '+GSN': '\r\n861234567890123\r\n' + OK,
    '+CPIN?': '\r\n+CPIN: READY\r\n' + OK,
    '+CCID': '\r\n89860012345678901234\r\n' + OK,
    '+CSQ': '\r\n+CSQ: 21,0\r\n' + OK,
    '+CREG?': '\r\n+CREG: 0,1\r\n' + OK,
    '+CGREG?': '\r\n+CGREG: 0,1\r\n' + OK,
    '+CGATT?': '\r\n+CGATT: 1\r\n' + OK,
    '+CIPSHUT': '\r\nSHUT OK\r\n',
    '+CIFSR': '\r\n10.20.30.40\r\n',
  };

  private line = '';
  private awaitedBytes = 0;
  private awaitedSocket = 0;
  private payload = '';

  constructor(private readonly clock: VirtualClock) {}

  /** Bytes from the driver. */
  write(data: string): void {
    if (this.isDead || this.baud !== this.hostBaud) return;
    for (const char of data) this.takeChar(char);
  }

  /** Says something now. */
  say(text: string): void {
    if (!this.isDead && this.baud === this.hostBaud) this.onBytes(text);
  }

  /** Says it after the reply delay. */
  sayLater(text: string, delayMs = this.replyDelayMs): void {
    this.clock.setTimer(() => this.say(text), delayMs);
  }

  /** The platform sends bytes: they wait to be read, with a notice. */
  deliver(socket: number, data: string): void {
    const before = this.received[socket] ?? '';
    this.received[socket] = before + data;
    if (!before) this.say(`\r\n+CIPRXGET: 1,${socket}\r\n`);
  }

  count(command: string): number {
    return this.commands.filter((one) => one.startsWith(command)).length;
  }

  private takeChar(char: string): void {
    if (this.awaitedBytes > 0) {
      this.payload += char;
      if (--this.awaitedBytes > 0) return;
      this.payloads.push(this.payload);
      const reply =
        this.find('payload') ?? `\r\nDATA ACCEPT:${this.awaitedSocket},${this.payload.length}\r\n`;
      this.payload = '';
      this.sayLater(reply);
      return;
    }
    if (char !== '\r') {
      this.line += char;
      return;
    }
    const line = this.line.trim();
    this.line = '';
    if (!line.startsWith('AT')) return;
    this.run(line.substring(2));
  }

  private run(command: string): void {
    this.commands.push(command);
    const name = command.split('=')[0]!;
    const scripted = this.find(command) ?? this.find(name);
    if (scripted !== undefined) {
      if (scripted) this.sayLater(scripted);
      return;
    }
    const numbers = (command.split('=')[1] ?? '').split(',').map(Number);
    if (name === '+CIPSTART') {
      this.sayLater(OK);
      this.sayLater(`\r\n${numbers[0]}, CONNECT OK\r\n`, 800);
    } else if (name === '+CIPSEND') {
      this.awaitedSocket = numbers[0]!;
      this.awaitedBytes = numbers[1]!;
      this.sayLater('\r\n> ');
    } else if (name === '+CIPCLOSE') {
      this.sayLater(`\r\n${numbers[0]}, CLOSE OK\r\n`);
    } else if (name === '+CIPACK') {
      this.sayLater(`\r\n+CIPACK: 100,100,0\r\n${OK}`);
    } else if (name === '+CIPRXGET' && numbers[0] === 2) {
      this.read(numbers[1]!, numbers[2]!);
    } else this.sayLater(OK);
  }

  private read(socket: number, maxBytes: number): void {
    const waiting = this.received[socket] ?? '';
    const data = waiting.substring(0, maxBytes);
    this.received[socket] = waiting.substring(data.length);
    const left = waiting.length - data.length;
    this.sayLater(`\r\n+CIPRXGET: 2,${socket},${data.length},${left}\r\n${data}\r\nOK\r\n`);
  }

  private find(key: string): string | undefined {
    const reply = this.replies[key];
    return typeof reply === 'function' ? reply() : reply;
  }
}
