/**
 * Espruino's console over a serial port: one expression at a time, each answered or refused within its time. Lines begin
 * with DLE, which turns the echo off for them; an answer stands between marks, so that what the board prints besides
 * is passed over.
 * Why not the Espruino CLI: it opens only ports that the system lists as real ones, so nothing about it can be tested
 * over a pseudo-terminal, and it does not read back what it wrote.
 */
import { SerialPort } from 'serialport';

/** What a person can do something about. */
export class FlashError extends Error {}

const BAUD = 115200;
const ANSWER_MS = 4000;
/** A prompt comes at once, where there is one and the echo is on. */
const PROMPT_MS = 1500;
/** Ctrl-C ends what is being typed or run; DLE turns the echo off. */
const BREAK = '\x03\n';
const QUIET = '\x10';
const [OPEN, CLOSE] = ['<#', '#>'];
const MAX_HELD = 65_536;

export class BoardConsole {
  private held = '';
  private onChange: () => void = () => {};
  private trouble: FlashError | undefined;

  private constructor(
    private readonly port: SerialPort,
    private readonly name: string,
  ) {
    port.on('data', (bytes: Buffer) => {
      this.held = (this.held + bytes.toString('latin1')).slice(-MAX_HELD);
      this.onChange();
    });
    const gone = (): void => {
      this.trouble = new FlashError(
        `the connection to ${name} broke off: is the cable in? Run the same command again, nothing else is needed.`,
      );
      this.onChange();
    };
    port.on('close', gone);
    port.on('error', gone);
  }

  static open(name: string): Promise<BoardConsole> {
    return new Promise((resolve, reject) => {
      const port = new SerialPort({ path: name, baudRate: BAUD, autoOpen: false });
      port.open((error) => {
        if (!error) resolve(new BoardConsole(port, name));
        else reject(new FlashError(`${name} cannot be opened: ${error.message.replace(/^Error:?\s*/, '')}`));
      });
    });
  }

  /** Ends what runs in the foreground. */
  async wake(): Promise<void> {
    this.held = '';
    this.port.write(BREAK);
    await this.until(() => />\s*$/.test(this.held), PROMPT_MS).catch(() => undefined);
    if (/password>\s*$/i.test(this.held)) {
      throw new FlashError('the board asks for a password: start it with its button held, and it does not');
    }
  }

  /** The value of an expression. */
  async evaluate(expression: string, answerMs = ANSWER_MS): Promise<unknown> {
    this.held = '';
    this.port.write(
      `${QUIET}try{print(${JSON.stringify(OPEN)}+JSON.stringify(${expression})+${JSON.stringify(CLOSE)})}catch(e){print(${JSON.stringify(`${OPEN}!`)}+e+${JSON.stringify(CLOSE)})}\n`,
    );
    await this.until(() => this.answer() !== undefined, answerMs);
    const answer = this.answer()!;
    if (answer.startsWith('!')) throw new FlashError(`the board says: ${answer.slice(1)}`);
    return answer === 'undefined' ? undefined : JSON.parse(answer);
  }

  /** Types a line that has no answer. */
  type(line: string): void {
    this.port.write(`${QUIET}${line}\n`);
  }

  close(): Promise<void> {
    this.port.removeAllListeners('close');
    return new Promise((resolve) => {
      if (this.port.isOpen) this.port.close(() => resolve());
      else resolve();
    });
  }

  private answer(): string | undefined {
    const start = this.held.indexOf(OPEN);
    const end = this.held.indexOf(CLOSE, start);
    return start < 0 || end < 0 ? undefined : this.held.slice(start + OPEN.length, end);
  }

  private until(condition: () => boolean, limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (finish: () => void): void => {
        clearTimeout(timer);
        this.onChange = () => {};
        finish();
      };
      const silent = new FlashError(
        `nobody answers at ${this.name}: is it the board’s USB port, and Espruino on it? A module that was provisioned has no console: it answers when it is started with its button held.`,
      );
      const timer = setTimeout(() => end(() => reject(silent)), limitMs);
      this.onChange = () => {
        const { trouble } = this;
        if (trouble) end(() => reject(trouble));
        else if (condition()) end(resolve);
      };
      this.onChange();
    });
  }
}
