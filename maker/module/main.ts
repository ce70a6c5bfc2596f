/**
 * `npm run module -- --tcp 7002` or `--pty`: the whole payment module, simulated, with platform and sandbox behind it, and
 * its serial port open to a maker's own program on this PC. No hardware, no SIM card, no merchant account.
 * Leaves the parts to sim/product. Invariant: nothing listens outside this machine, and Ctrl-C ends all of it.
 */
import path from 'node:path';
import { createInterface } from 'node:readline';
import { CommanderError } from 'commander';
import { openPseudoTerminal, openTcpPort } from '../../sim/modem/command/host-ports';
import { StreamSerial } from '../../sim/modem/command/stream-serial';
import { ALL_FAULTS } from '../../sim/modem/faults';
import { startBareModule } from '../../sim/product/bare-module';
import { type Product, startProduct } from '../../sim/product/product';
import { Random } from '../../sim/time/random';
import { encodeFrame, FLAG_ACK_WANTED } from '../../src/protocol/frame';
import { HostType } from '../../src/protocol/host';
import { describeFrame } from '../cli/frames';
import { crcOf } from '../host/exchange';
import { openBackend } from './backend';
import { Customer, walletPayer } from './customer';
import { Faults, OWN_FAULTS } from './faults';
import { DEFAULT_TCP_PORT, type ModuleOptions, readOptions } from './options';
import { Wire } from './wire';

const STANDARD_BAUD = 115_200;
/** A number that the maker's program is not likely to have used last. */
const LAST_SEQ = 251;
const RESTORE_MS = 1000;
const CONSOLE_HELP = 'fault NAME[:PARAMETER][@TRIGGER], cut, trace, quit';

const say = (text: string): void => console.log(`· ${text}`);

function listFaults(): void {
  for (const text of Object.values(OWN_FAULTS)) console.log(text);
  for (const [name, { description, parameter }] of Object.entries(ALL_FAULTS)) {
    console.log(`${(parameter ? `${name}:${parameter.name}` : name).padEnd(24)} ${description}`);
  }
}

/** Brings the port back to its standard rate, where the next start looks for the module. */
async function restoreRate({ clock }: Pick<Product, 'clock'>, wire: Wire): Promise<void> {
  if (wire.baud === STANDARD_BAUD) return;
  wire.noise = undefined;
  const json = JSON.stringify({ baud: STANDARD_BAUD });
  wire.send(Buffer.from(encodeFrame(crcOf, FLAG_ACK_WANTED, LAST_SEQ, HostType.SetSettings, json), 'latin1'));
  await new Promise<void>((resolve) => clock.setTimer(resolve, RESTORE_MS));
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.listFaults) {
    listFaults();
    return;
  }
  const common = {
    dataDir: path.resolve(options.data),
    isFresh: options.fresh === true,
    say,
    onRelay: (relay: number, isOn: boolean) =>
      console.log(isOn ? `  *click*  relay ${relay} on` : `  *clack*  relay ${relay} off`),
  };
  const product = options.bare ? undefined : await startProduct(common);
  const box = product ?? (await startBareModule({ ...common, seed: options.seed }));
  const { clock, network, module } = box;
  const wire = new Wire(module.host, clock);
  let isTracing = options.trace === true;
  const customer =
    options.pay === undefined || !product
      ? undefined
      : new Customer(clock, options.pay, walletPayer(product.sandbox.walletUrl), say);
  const trace = (direction: 'sent' | 'received') => (frame: Parameters<typeof wire.onHostFrame>[0]) => {
    if (isTracing) console.log(`  ${describeFrame({ direction, frame, bytes: Buffer.alloc(0) })}`);
  };
  wire.onHostFrame = trace('sent');
  wire.onModuleFrame = (frame) => {
    customer?.see(frame);
    trace('received')(frame);
  };
  const faults = new Faults({ clock, random: new Random(options.seed), network, module, wire, say });
  const serial = new StreamSerial();
  serial.onData = (bytes) => wire.send(bytes);
  wire.onBytes = (bytes) => serial.write(bytes);
  const port =
    options.pty === undefined
      ? await openTcpPort(serial, options.tcp ?? DEFAULT_TCP_PORT)
      : await openPseudoTerminal(serial, typeof options.pty === 'string' ? options.pty : undefined);
  const backend =
    options.dtu === undefined || !product ? undefined : await openBackend(product, options.dtu, say);
  for (const fault of options.fault) faults.add(fault);
  announce(product, options, port.address);
  await untilQuit({
    fault: (text) => faults.add(text),
    cut: () => faults.add('power-cut'),
    trace: () => {
      isTracing = !isTracing;
    },
  });
  say('stopping');
  backend?.close();
  await restoreRate(box, wire);
  port.close();
  await box.stop();
}

function announce(product: Product | undefined, options: ModuleOptions, address: string): void {
  const name = options.pty === undefined ? `tcp:${address}` : address;
  const wallet = product && `The customer's wallet:     ${product.sandbox.walletUrl}\n`;
  const provision = `Give it an identity:       npm run provision -- --port ${name} --gateway 127.0.0.1:7070 --apn cmnet --id … --key …\n`;
  console.log(`
The module's serial port:  ${name}
${wallet ?? provision}Try it:                    npm run maker -- --port ${name} pay 2.50
While it runs:             ${CONSOLE_HELP}
`);
}

/** Orders typed by a person, until quit, Ctrl-C, or the end of a terminal's input. */
function untilQuit(orders: { fault(text: string): void; cut(): void; trace(): void }): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    const lines = createInterface({ input: process.stdin });
    lines.on('line', (line) => {
      const [word = '', ...rest] = line.trim().split(/\s+/);
      try {
        if (word === 'quit') resolve();
        else if (word === 'fault') orders.fault(rest.join(' '));
        else if (word === 'cut') orders.cut();
        else if (word === 'trace') orders.trace();
        else if (word) console.log(`  there are ${CONSOLE_HELP}`);
      } catch (error) {
        console.log(`  ${(error as Error).message}`);
      }
    });
    // Without a terminal (a script, a service) the end of the input means nothing.
    lines.on('close', () => process.stdin.isTTY && resolve());
  });
}

main().then(
  () => process.exit(),
  (error: Error) => {
    if (error instanceof CommanderError) process.exit(error.exitCode);
    console.error(error.message);
    process.exit(1);
  },
);
