/**
 * The payment module as a box: virtual board with the built bundle, flash, and a simulated SIM800A, on one power
 * supply. What it offers is what the box has outside: a serial port for the host, relays, a plug.
 * Leaves the network to the caller. Invariant: when the plug is out nothing in the box goes on.
 */
import type { Firmware } from '../../scripts/build/build';
import { journalSectors } from '../../scripts/build/profile';
import { VirtualBoard } from '../board';
import { FlashChip, type FlashStore } from '../flash';
import { Sim800 } from '../modem/sim800';
import type { TimingProfile } from '../modem/timing';
import type { ModemWatch } from '../modem/watch';
import type { Network } from '../network/network';
import { type SerialPort, serialPair } from '../serial/line';
import type { Clock } from '../time/clock';
import type { Random } from '../time/random';

export interface VirtualModuleOptions {
  readonly firmware: Firmware;
  readonly clock: Clock;
  readonly random: Random;
  /** Where the journal's bytes live; at least `journalBytes(firmware)` of them. */
  readonly store: FlashStore;
  readonly network: Network;
  readonly timing?: TimingProfile;
  readonly watch?: ModemWatch;
  /** A relay closed or opened. */
  readonly onRelay?: (relay: number, isOn: boolean, atMs: number) => void;
  readonly onConsole?: (line: string) => void;
  readonly onCrash?: (error: unknown) => void;
}

/** Supply of the modem, as the board makes it. */
const SUPPLY_MILLIVOLTS = 4000;

/** Bytes of flash from the first to the last journal sector. */
export function journalBytes(firmware: Firmware): number {
  const sectors = journalSectors(firmware.profile);
  const last = sectors[sectors.length - 1]!;
  return last.address + last.bytes - sectors[0]!.address;
}

export class VirtualModule {
  readonly board: VirtualBoard;
  readonly modem: Sim800;
  /** The host's end of the module's serial port. */
  readonly host: SerialPort;
  /** How often each relay has closed since the module was made; relay 1 is at index 1. */
  readonly relayPulses: number[] = [0, 0, 0];

  constructor(options: VirtualModuleOptions) {
    const { firmware, clock, random, onRelay } = options;
    const { profile } = firmware;
    const [host, hostSide] = serialPair(clock, random.fork('host line'), profile.host.baud);
    const [modemHost, modemSide] = serialPair(clock, random.fork('modem line'), profile.modem.baud);
    this.host = host;
    const { pwrkey, reset, supply, status } = profile.modemPins;
    this.modem = new Sim800({
      clock,
      random: random.fork('modem'),
      serial: modemSide,
      network: options.network,
      hostBaud: () => modemHost.baud,
      ...(options.timing && { timing: options.timing }),
      ...(options.watch && { watch: options.watch }),
    });
    const onPin: Record<string, (level: boolean) => void> = {
      [pwrkey]: (level) => this.modem.setPowerKey(level ? 0 : 1),
      [reset]: (level) => this.modem.setReset(level ? 0 : 1),
      [supply]: (level) => this.modem.setSupplyMillivolts(level ? 0 : SUPPLY_MILLIVOLTS),
    };
    this.board = new VirtualBoard({
      code: firmware.code,
      profile,
      clock,
      random: random.fork('board'),
      ...(profile.journal.kind === 'fram'
        ? { fram: options.store }
        : {
            flash: new FlashChip({
              sectors: journalSectors(profile),
              random: random.fork('flash'),
              store: options.store,
            }),
          }),
      serials: { [portNumber(profile.host.port)]: hostSide, [portNumber(profile.modem.port)]: modemHost },
      onPin: (pin, level, atMs) => {
        onPin[pin]?.(level);
        const relay = profile.relays.indexOf(pin) + 1;
        if (relay === 0) return;
        if (level) this.relayPulses[relay]! += 1;
        onRelay?.(relay, level, atMs);
      },
      ...(options.onConsole && { onConsole: options.onConsole }),
      ...(options.onCrash && { onCrash: options.onCrash }),
    });
    this.modem.onStatus = (level) => this.board.setInput(status, level === 1);
  }

  /** Puts the plug in. */
  powerOn(): void {
    this.modem.setSupplyMillivolts(SUPPLY_MILLIVOLTS);
    this.board.powerOn();
  }

  /** Pulls the plug. */
  cutPower(): void {
    this.board.cutPower();
    this.modem.setSupplyMillivolts(0);
  }
}

/** 1 for Serial1. */
function portNumber(port: string): number {
  return Number(port.replace('Serial', ''));
}
