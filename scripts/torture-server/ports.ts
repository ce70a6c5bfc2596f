/**
 * Ports for processes that are killed and come back under the same ones: each a different one, and below those that
 * systems give to outgoing connections, one of which could hold a port while its owner is away.
 */
import { randomInt } from 'node:crypto';
import * as net from 'node:net';

const LOWEST = 15_000;
const HIGHEST = 32_000;

export class LastingPorts {
  private next = randomInt(LOWEST, HIGHEST);

  /** A port of the loopback that nobody listens on now, and that was not given before. */
  async take(): Promise<number> {
    for (;;) {
      const port = this.next;
      this.next = port < HIGHEST ? port + 1 : LOWEST;
      if (await isFree(port)) return port;
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.on('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
