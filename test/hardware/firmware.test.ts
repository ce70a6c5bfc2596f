/** The board and the firmware agree: espruino.config.js against the schematic's nets, and the start of the bundle. */
import config from '../../espruino.config';
import { bridging, netOfPin, plainNets } from '../../hardware/check/nets';
import { buildFirmware } from '../../scripts/build/build';
import { bench } from '../sim/board/bench';
import { circuit, schematic } from './board-files';

const profile = config.profiles['espruino-wifi']!;
const nets = plainNets(schematic.nets);
const controller = circuit.parts.find((part) => part.ref === 'U1')!;

/** Net of a chip's pin by Espruino's name, `B6`. */
function netOf(espruinoPin: string | undefined): string | undefined {
  const pin = controller.item.symbol.pins.find((candidate) => candidate.name === `P${espruinoPin}`);
  if (!pin) throw new Error(`the controller has no pin ${espruinoPin}`);
  return netOfPin(nets, `U1.${pin.number}`);
}

/** Role of a pin in the profile, the pin, and the net that the schematic must show there. */
const ROLES: readonly [role: string, pin: string | undefined, net: string][] = [
  ['host: what the module sends', profile.host.tx, 'HOST_TX'],
  ['host: what the module hears', profile.host.rx, 'HOST_RX'],
  ['modem: what the module sends', profile.modem.tx, 'MODEM_TX'],
  ['modem: what the module hears', profile.modem.rx, 'MODEM_RX'],
  ['modem: PWRKEY', profile.modemPins.pwrkey, 'MODEM_PWRKEY'],
  ['modem: RESET', profile.modemPins.reset, 'MODEM_RESET'],
  ['modem: supply cut', profile.modemPins.supply, 'MODEM_CUT'],
  ['modem: STATUS', profile.modemPins.status, 'MODEM_STATUS'],
  ['relay 1', profile.relays[0], 'RELAY1'],
  ['relay 2', profile.relays[1], 'RELAY2'],
  ['light: ready', profile.leds.ready, 'LED_READY'],
  ['light: fault', profile.leds.fault, 'LED_FAULT'],
  ['watchdog outside the chip', profile.watchdogPin, 'WATCHDOG'],
  ['FRAM: clock', profile.fram?.sck, 'SPI_SCK'],
  ['FRAM: data in', profile.fram?.miso, 'SPI_MISO'],
  ['FRAM: data out', profile.fram?.mosi, 'SPI_MOSI'],
  ['FRAM: select', profile.fram?.cs, 'FRAM_CS'],
];

/** Pins that the stock Espruino WiFi build takes for itself (boards/ESPRUINOWIFI.py). */
const STOCK: readonly [pin: string, net: string][] = [
  ['A9', 'USB_SENSE'],
  ['A11', 'USB_DM'],
  ['A12', 'USB_DP'],
  ['A13', 'SWDIO'],
  ['A14', 'SWCLK'],
  ['B2', 'LED_READY'],
  ['B12', 'LED_FAULT'],
  ['C13', 'BUTTON'],
  ['H0', 'OSC_IN'],
  ['H1', 'OSC_OUT'],
  ['C14', 'RTC_IN'],
  ['C15', 'RTC_OUT'],
];

describe('pins of the firmware and nets of the board', () => {
  it.each(ROLES)('%s', (_, pin, net) => {
    expect(netOf(pin)).toBe(net);
  });

  it.each(STOCK)('%s is what the stock build takes it for: %s', (pin, net) => {
    expect(netOf(pin)).toBe(net);
  });

  it('every pin that the profile names is used once', () => {
    const pins = ROLES.map(([, pin]) => pin);
    expect(new Set(pins).size).toBe(pins.length);
    for (const pin of pins) expect(profile.pins).toContain(pin);
  });

  it('a pin moved in the profile would be noticed: neighbours carry other nets', () => {
    expect(netOf('B14')).not.toBe('MODEM_PWRKEY');
    expect(netOf('A1')).not.toBe('RELAY1');
  });

  it('crystals, chip and memory are those of the profile', () => {
    expect(controller.item.mpn).toBe(profile.chip.part);
    expect(circuit.parts.find((part) => part.ref === 'Y1')!.item.value).toBe('8MHz');
    const fram = circuit.parts.find((part) => part.ref === 'U7')!;
    expect(fram.isFitted).toBe(true);
    expect(fram.item.description).toContain(`${profile.fram!.bytes / 1024} kB`);
  });

  it('what the firmware drives through a transistor has a resistor that holds it off', () => {
    for (const net of ['RELAY1', 'RELAY2', 'MODEM_PWRKEY', 'MODEM_RESET', 'MODEM_CUT', 'PULSE'])
      expect([net, bridging(nets, net, 'GND', 'R')]).toEqual([net, [expect.stringMatching(/^R\d+$/)]]);
  });
});

/** Put before the bundle: tells every pin that is written, in order. */
const TELL_WRITES = `(function () {
  var write = digitalWrite;
  digitalWrite = function (pin, level) { print('write ' + pin + ' ' + (level ? 1 : 0)); write(pin, level); };
})();
`;

describe('the watchdog outside the chip', () => {
  /** TPS3828 data sheet: what it waits after a kick. */
  const [LEAST_MS, MOST_MS] = [900, 2500];
  /** An erase of a 16 kB sector stalls everything, also the kicks. */
  const STALL_MS = 500;

  it('is kicked often enough by the firmware, and not any more once a loop hangs', async () => {
    const { code } = await buildFirmware('espruino-wifi');
    const kicks: number[] = [];
    const onPin = (pin: string, level: boolean, atMs: number): void => {
      if (pin === profile.watchdogPin && level) kicks.push(atMs);
    };
    const { board, clock } = bench(code, { onPin });
    board.powerOn();
    clock.advance(60_000);
    const pauses = kicks.slice(1).map((atMs, index) => atMs - kicks[index]!);
    expect(pauses.length).toBeGreaterThan(100);
    const usualMs = [...pauses].sort((left, right) => left - right)[pauses.length >> 1]!;
    expect(usualMs + STALL_MS).toBeLessThan(LEAST_MS);
    // A new module prepares its next sector meanwhile.
    expect(Math.max(...pauses)).toBeLessThan(LEAST_MS);
    board.hang();
    const count = kicks.length;
    // The chip's own watchdog needs longer than the one outside may take.
    clock.advance(MOST_MS);
    expect(kicks.length).toBe(count);
    board.cutPower();
  });
});

describe('relays at the start of the firmware', () => {
  const relayNets = profile.relays;

  it('are driven low before any pin but the lights is touched', async () => {
    const { code } = await buildFirmware('espruino-wifi');
    const { board, clock, lines } = bench(TELL_WRITES + code);
    board.powerOn();
    clock.advance(10_000);
    const writes = lines.filter((line) => line.startsWith('write '));
    const lights = ['B2', 'B12'];
    expect(writes.slice(0, 4)).toEqual([...lights, ...relayNets].map((pin) => `write ${pin} 0`));
    board.cutPower();
  });

  it('float until the program runs, and are never driven high unasked, nor after a restart', async () => {
    const { code } = await buildFirmware('espruino-wifi');
    const seen: { pin: string; level: boolean }[] = [];
    const { board, clock, crashes } = bench(code, { onPin: (pin, level) => seen.push({ pin, level }) });
    board.powerOn();
    clock.advance(50);
    for (const pin of relayNets) expect(board.pin(pin)).toMatchObject({ level: false, history: [] });
    clock.advance(30_000);
    expect(crashes).toEqual([]);
    expect(seen.filter(({ pin, level }) => relayNets.includes(pin) && level)).toEqual([]);
    const lit = seen.some(({ pin }) => pin === profile.leds.ready || pin === profile.leds.fault);
    expect(lit).toBe(true);
    board.reboot('watchdog');
    clock.advance(10_000);
    for (const pin of relayNets) expect(board.pin(pin).level).toBe(false);
    expect(seen.filter(({ pin, level }) => relayNets.includes(pin) && level)).toEqual([]);
    board.cutPower();
  });
});
