/**
 * The small session that the link bench speaks in place of the real one: numbered, checked records on the
 * TCP stream, so that a byte lost, spoilt, repeated or reordered by driver or modem shows on the spot.
 * A record is `<counter> <body>*<crc32 hex>\n`; counters start at 0 in each connection and direction.
 */
import { crc32 } from 'crc';

export type Fault = 'none' | 'spoilt' | 'repeated' | 'missing';

export class RecordWriter {
  private counter = 0;

  write(body: string): string {
    const text = `${this.counter++} ${body}`;
    return `${text}*${crc32(Buffer.from(text, 'latin1')).toString(16)}\n`;
  }
}

export class RecordReader {
  private buffer = '';
  private counter = 0;

  /** Gives whole records; `fault` says what is wrong with the first that cannot be taken. */
  push(data: string): { bodies: string[]; fault: Fault } {
    this.buffer += data;
    const lines = this.buffer.split('\n');
    this.buffer = lines.pop()!;
    const bodies: string[] = [];
    for (const line of lines) {
      const match = /^((\d+) (.*))\*([0-9a-f]+)$/.exec(line);
      if (!match || crc32(Buffer.from(match[1]!, 'latin1')).toString(16) !== match[4]) {
        return { bodies, fault: 'spoilt' };
      }
      const counter = Number(match[2]);
      if (counter !== this.counter) return { bodies, fault: counter < this.counter ? 'repeated' : 'missing' };
      this.counter += 1;
      bodies.push(match[3]!);
    }
    return { bodies, fault: 'none' };
  }
}
