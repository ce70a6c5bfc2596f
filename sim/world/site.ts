/**
 * One machine in the field: virtual board with the built bundle, flash and simulated SIM800A on one supply, the
 * cell around it, and the maker's host on its serial port. Power can be cut at any time and at any flash
 * operation, and it comes back by itself.
 * Invariant: whoever watches a site changes nothing of it.
 */
import type { Firmware } from '../../scripts/build/build';
import { journalSectors } from '../../scripts/build/profile';
import { VirtualBoard } from '../board';
import { FlashChip, type CutPhase, type FlashOperation, type FlashStore } from '../flash';
import { FaultInjector } from '../modem/faults/injector';
import { Sim800 } from '../modem/sim800';
import { FAST, type TimingProfile } from '../modem/timing';
import type { SimulatedInternet } from '../network/internet';
import type { NetworkProfile } from '../network/profile';
import { SimulatedNetwork } from '../network/simulated-network';
import { type SerialPort, serialPair } from '../serial/line';
import type { Random } from '../time/random';
import { Host } from './host';
import { JournalReader, type SectorPlace } from './journal-reader';
import type { Loop } from './loop';

export interface SiteWatch {
  onRelay(site: Site, relay: number, isOn: boolean): void;
  /** The firmware hands bytes to the host's port: they have not left yet. */
  onWrite(site: Site, bytes: Uint8Array): void;
  onStart(site: Site): void;
  onCut(site: Site): void;
  onConsole(site: Site, line: string): void;
  onCrash(site: Site, error: unknown): void;
  /** A flash operation is about to begin; what is given back is where the power fails. */
  onFlash(site: Site, operation: FlashOperation): CutPhase | undefined;
}

export interface SiteOptions {
  readonly id: string;
  readonly keyHex: string;
  readonly loop: Loop;
  readonly random: Random;
  readonly internet: SimulatedInternet;
  readonly firmware: Firmware;
  readonly store: FlashStore;
  readonly watch: SiteWatch;
  readonly profile: NetworkProfile;
  readonly timing?: TimingProfile;
  /** Milliseconds of the board's clock in one of the world. */
  readonly clockRate?: number;
  readonly unstableBits?: boolean;
  /** Erases after which a sector begins to wear out. */
  readonly enduranceErases?: number;
}

const SUPPLY_MILLIVOLTS = 4_000;

/** Bytes of all journal sectors together. */
export function journalBytes(firmware: Firmware): number {
  return journalSectors(firmware.profile).reduce((sum, sector) => sum + sector.bytes, 0);
}

/** Where each sector lies in the store of a chip. */
export function sectorPlaces(firmware: Firmware): SectorPlace[] {
  let offset = 0;
  return journalSectors(firmware.profile).map(({ bytes }) => {
    const place = { offset, bytes };
    offset += bytes;
    return place;
  });
}

export class Site {
  readonly id: string;
  readonly keyHex: string;
  /** The key as the firmware holds it. */
  readonly keyBytes: string;
  readonly board: VirtualBoard;
  readonly modem: Sim800;
  readonly network: SimulatedNetwork;
  readonly chip: FlashChip;
  readonly host: Host;
  readonly faults: FaultInjector;
  readonly journal: JournalReader;
  cuts = 0;
  /** How long the power stays away after a cut at a flash operation. */
  private offMs = 1_000;
  private planned: { skip: number; phase: CutPhase } | undefined;

  constructor(private readonly options: SiteOptions) {
    const { firmware, loop, random, watch } = options;
    const { clock } = loop;
    const { profile } = firmware;
    this.id = options.id;
    this.keyHex = options.keyHex;
    this.keyBytes = Buffer.from(options.keyHex, 'hex').toString('latin1');
    const [host, hostSide] = serialPair(clock, random.fork('host line'), profile.host.baud);
    const [modemHost, modemSide] = serialPair(clock, random.fork('modem line'), profile.modem.baud);
    this.network = new SimulatedNetwork({
      clock,
      random: random.fork('network'),
      internet: options.internet,
      profile: options.profile,
    });
    this.modem = new Sim800({
      clock,
      random: random.fork('modem'),
      serial: modemSide,
      network: this.network,
      hostBaud: () => modemHost.baud,
      timing: options.timing ?? FAST,
    });
    this.chip = new FlashChip({
      sectors: journalSectors(profile),
      random: random.fork('flash'),
      store: options.store,
      unstableBits: options.unstableBits ?? false,
      ...(options.enduranceErases && { enduranceErases: options.enduranceErases }),
    });
    this.chip.onOperation = (operation) => this.phaseOf(operation);
    this.journal = new JournalReader(options.store.bytes, sectorPlaces(firmware), () => this.chip.changes);
    this.board = this.makeBoard(hostSide, modemHost);
    this.modem.onStatus = (level) => this.board.setInput(profile.modemPins.status, level === 1);
    this.host = new Host(host, clock);
    this.faults = new FaultInjector({
      clock,
      random: random.fork('faults'),
      network: this.network,
      modem: this.modem,
    });
    const write = hostSide.write.bind(hostSide);
    hostSide.write = (bytes) => {
      watch.onWrite(this, bytes);
      write(bytes);
    };
  }

  powerOn(): void {
    if (this.board.isOn) return;
    this.modem.setSupplyMillivolts(SUPPLY_MILLIVOLTS);
    this.board.powerOn();
    this.options.watch.onStart(this);
  }

  /** Pulls the plug, and puts it in again after `offMs`. */
  cut(offMs: number): void {
    if (!this.board.isOn) return;
    this.offMs = offMs;
    this.board.cutPower();
    this.dark();
  }

  /** The power fails at the flash operation after `skip` more. */
  cutAtFlash(skip: number, phase: CutPhase, offMs: number): void {
    this.planned = { skip, phase };
    this.offMs = offMs;
  }

  /** For a cut at a flash operation that the watch asks for. */
  staysOffMs(offMs: number): void {
    this.offMs = offMs;
  }

  /** Nothing planned happens any more. */
  calm(): void {
    this.planned = undefined;
  }

  private phaseOf(operation: FlashOperation): CutPhase | undefined {
    const asked = this.options.watch.onFlash(this, operation);
    if (asked) return asked;
    const { planned } = this;
    if (!planned || planned.skip-- > 0) return undefined;
    this.planned = undefined;
    return planned.phase;
  }

  /** The power is gone: the modem's too, the world is told, and it comes back later. */
  private dark(): void {
    this.cuts += 1;
    this.modem.setSupplyMillivolts(0);
    this.options.watch.onCut(this);
    this.options.loop.clock.setTimer(() => this.powerOn(), this.offMs);
  }

  private makeBoard(hostSide: SerialPort, modemSide: SerialPort): VirtualBoard {
    const { firmware, loop, random, watch, clockRate } = this.options;
    const { profile } = firmware;
    const { pwrkey, reset, supply } = profile.modemPins;
    const onPin: Record<string, (level: boolean) => void> = {
      [pwrkey]: (level) => this.modem.setPowerKey(level ? 0 : 1),
      [reset]: (level) => this.modem.setReset(level ? 0 : 1),
      [supply]: (level) => this.modem.setSupplyMillivolts(level ? 0 : SUPPLY_MILLIVOLTS),
    };
    return new VirtualBoard({
      code: firmware.code,
      profile,
      clock: loop.clock,
      random: random.fork('board'),
      flash: this.chip,
      serials: { [portNumber(profile.host.port)]: hostSide, [portNumber(profile.modem.port)]: modemSide },
      ...(clockRate && { clockRate }),
      onPin: (pin, level) => {
        onPin[pin]?.(level);
        const relay = profile.relays.indexOf(pin) + 1;
        if (relay > 0) watch.onRelay(this, relay, level);
      },
      onConsole: (line) => watch.onConsole(this, line),
      onCrash: (error) => watch.onCrash(this, error),
      onPowerCut: () => this.dark(),
    });
  }
}

/** 1 for Serial1. */
function portNumber(port: string): number {
  return Number(port.replace('Serial', ''));
}
