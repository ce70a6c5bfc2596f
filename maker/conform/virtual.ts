/**
 * A whole virtual product for conformance runs, with every hand that the situations need: a customer, the plug, the cell.
 * Leaves building it to sim/product. Invariant: `stop` ends everything that was started.
 */
import path from 'node:path';
import { startProduct } from '../../sim/product/product';
import type { Clock } from '../../sim/time/clock';
import type { HostPort } from '../host/port';
import { openBackend } from '../module/backend';
import { walletPayer } from '../module/customer';
import { Wire } from '../module/wire';
import type { Hands } from './module-context';

const OFF_MS = 1000;
const ROOT = path.join(__dirname, '..', '..');

export interface VirtualBench {
  readonly port: HostPort;
  readonly clock: Clock;
  readonly hands: Hands;
  stop(): Promise<void>;
}

export async function startVirtual(say: (text: string) => void): Promise<VirtualBench> {
  const product = await startProduct({ dataDir: path.join(ROOT, 'data', 'conform'), isFresh: true, say });
  const { clock, module, network } = product;
  const backend = await openBackend(product, 'echo', say);
  const wire = new Wire(module.host, clock);
  const port: HostPort = {
    name: 'virtual module',
    baud: 0,
    onData: () => {},
    onClose: () => {},
    write: (bytes) => wire.send(bytes),
    close: () => {},
  };
  wire.onBytes = (bytes) => port.onData(bytes);
  const hands: Hands = {
    pay: walletPayer(product.sandbox.walletUrl),
    cutPower: async () => {
      module.cutPower();
      await new Promise<void>((resolve) => clock.setTimer(resolve, OFF_MS));
      module.powerOn();
    },
    setNetwork: (isThere) => Promise.resolve(network.setCoverage(isThere)),
    hasEcho: true,
  };
  const stop = (): Promise<void> => {
    backend.close();
    return product.stop();
  };
  return { port, clock, hands, stop };
}
