/**
 * A payment module alone, as it leaves the factory: board, modem and flash, no identity, no platform behind it. Its
 * network reaches this machine only, so that it can be given to a server that runs here (`npm run provision`).
 * Invariant: what it was given stays in its flash file until that is thrown away.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildFirmware } from '../../scripts/build/build';
import { FileStore } from '../flash';
import { RealNetwork } from '../network/real-network';
import { RealClock } from '../time/clock';
import { Random } from '../time/random';
import { journalBytes, VirtualModule } from './module';

export interface BareModuleOptions {
  readonly dataDir: string;
  /** Throws away what its flash holds. */
  readonly isFresh: boolean;
  readonly seed: number;
  readonly say: (text: string) => void;
  readonly onRelay?: (relay: number, isOn: boolean, atMs: number) => void;
}

export interface BareModule {
  readonly clock: RealClock;
  readonly network: RealNetwork;
  readonly module: VirtualModule;
  stop(): Promise<void>;
}

const PROFILE = 'espruino-wifi';

export async function startBareModule(options: BareModuleOptions): Promise<BareModule> {
  const { dataDir, say, onRelay } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const flashFile = path.join(dataDir, 'bare-flash.bin');
  if (options.isFresh) rmSync(flashFile, { force: true });
  const clock = new RealClock();
  say('building the firmware');
  const firmware = await buildFirmware(PROFILE);
  say('switching on a payment module without a platform');
  const network = new RealNetwork({ clock });
  const store = new FileStore(flashFile, journalBytes(firmware));
  const random = new Random(options.seed);
  const module = new VirtualModule({
    ...{ firmware, clock, random, store, network },
    ...(onRelay && { onRelay }),
  });
  module.powerOn();
  return {
    clock,
    network,
    module,
    stop: async () => {
      module.cutPower();
      store.close();
      network.close();
    },
  };
}
