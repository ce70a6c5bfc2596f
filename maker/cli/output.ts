/**
 * What the command says: lines for people, or with --json one object a line for scripts. Events go to standard output in
 * both forms; complaints go to standard error.
 */
import type { Environment } from './environment';

export class Output {
  private hasProgress = false;

  constructor(
    private readonly environment: Environment,
    readonly isJson: boolean,
  ) {}

  /** Something happened. `text` is for people (nothing is said when it is empty), `event` and `fields` for scripts. */
  say(event: string, fields: object, text: string): void {
    this.endProgress();
    const line = this.isJson ? JSON.stringify({ event, ...fields }) : text;
    if (line !== '') this.environment.stdout.write(line + '\n');
  }

  /** For people only. */
  note(text: string): void {
    if (this.isJson) return;
    this.endProgress();
    this.environment.stdout.write(text + '\n');
  }

  /** A line that the next one replaces; only where somebody watches. */
  progress(text: string): void {
    if (this.isJson || !this.environment.isTerminal) return;
    this.environment.stdout.write(`\r\x1b[K${text}`);
    this.hasProgress = true;
  }

  /** Something is wrong; with --json an `error` event. */
  complain(code: string, message: string, advice = ''): void {
    this.endProgress();
    if (this.isJson)
      this.environment.stdout.write(JSON.stringify({ event: 'error', code, message, advice }) + '\n');
    else this.environment.stderr.write(`${message}\n${advice ? `  → ${advice}\n` : ''}`);
  }

  private endProgress(): void {
    if (this.hasProgress) this.environment.stdout.write('\r\x1b[K');
    this.hasProgress = false;
  }
}
