/**
 * `coinslot` on this machine: real time, real ports, the terminal. Everything else is in program.ts.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import { RealClock } from '../../sim/time/clock';
import { openPort } from '../host';
import type { Environment, PortDescription } from './environment';
import { run } from './program';

/** What a serial adapter is called on Linux and macOS, for systems without udev. */
const DEVICE_NAME = /^(tty(USB|ACM|AMA)\d+|(tty|cu)\.usb.+)$/;

async function listPorts(): Promise<PortDescription[]> {
  try {
    const found = await SerialPort.list();
    return found.map(({ path, manufacturer, vendorId, productId }) => {
      const numbers = vendorId ? ` (${vendorId}:${productId})` : '';
      return { path, note: `${manufacturer ?? ''}${numbers}`.trim() };
    });
  } catch {
    // No udevadm here (a container): the names alone have to do.
    const names = await readdir('/dev').catch(() => []);
    return names.filter((name) => DEVICE_NAME.test(name)).map((name) => ({ path: `/dev/${name}`, note: '' }));
  }
}

const environment: Environment = {
  clock: new RealClock(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  isTerminal: process.stdout.isTTY === true,
  defaultPort: process.env.COINSLOT_PORT,
  openPort,
  listPorts,
  writeFile: (path, content) => writeFile(path, content),
  onInterrupt: (handler) => {
    process.on('SIGINT', handler);
    return () => process.off('SIGINT', handler);
  },
};

run(process.argv.slice(2), environment).then(
  (exit) => process.exit(exit),
  (error: Error) => {
    // Our own mistake: say where, so that it can be mended.
    process.stderr.write(`${error.stack ?? error.message}\n`);
    process.exit(70);
  },
);
