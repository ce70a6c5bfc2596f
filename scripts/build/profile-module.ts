/**
 * Makes the source of the module `board-profile` from a profile (types: src/board-profile.d.ts). Values are
 * literals, so that esbuild can inline them and the board keeps no table of them in RAM; parts that the board
 * has in hardware are native, the others come from src/drivers.
 */
import { journalSectors, type BoardProfile, type SerialWiring } from './profile';

/** Highest SPI clock used: MB85RS256B allows 33 MHz, short board wiring 10. */
const FRAM_BAUD = 8_000_000;

function serialOptions(wiring: SerialWiring): string {
  if (wiring.path !== undefined) return JSON.stringify({ path: wiring.path });
  return JSON.stringify({ tx: wiring.tx, rx: wiring.rx });
}

function journalFlash(profile: BoardProfile, sectorBytes: number): string {
  if (profile.journal.kind === 'flash') {
    return `import { InternalFlash } from './drivers/flash';
export const journalFlash = new InternalFlash(require('Flash'), E.toString, ${sectorBytes});`;
  }
  const fram = profile.fram!;
  const pins = JSON.stringify({ sck: fram.sck, miso: fram.miso, mosi: fram.mosi, baud: FRAM_BAUD });
  return `import { FramFlash } from './drivers/flash';
${fram.bus}.setup(${pins});
export const journalFlash = new FramFlash(${fram.bus}, ${JSON.stringify(fram.cs)}, ${sectorBytes});`;
}

/** TypeScript-free source of `board-profile`, resolved as if it stood in src/. */
export function profileModule(profile: BoardProfile): string {
  const sectors = journalSectors(profile).map(({ address, bytes }) => ({ address, bytes }));
  const constants: [string, unknown][] = [
    ['PROFILE', profile.name],
    ['BOARD_ID', profile.boardId],
    ['JSVARS_TOTAL', profile.jsVars],
    ['HOST_BAUD', profile.host.baud],
    ['MODEM_BAUD', profile.modem.baud],
    ['PWRKEY_PIN', profile.modemPins.pwrkey],
    ['RESET_PIN', profile.modemPins.reset],
    ['SUPPLY_PIN', profile.modemPins.supply],
    ['STATUS_PIN', profile.modemPins.status],
    ['RELAY_PINS', profile.relays],
    ['READY_LED_PIN', profile.leds.ready],
    ['FAULT_LED_PIN', profile.leds.fault],
    ['OUTER_WATCHDOG_PIN', profile.watchdogPin ?? ''],
    ['JOURNAL_SECTORS', sectors],
    ['CONSOLE', profile.movesConsoleTo ?? ''],
    ['RESET_FLAGS_ADDRESS', profile.resetFlagsAddress],
  ];
  return [
    ...constants.map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`),
    `export const hostPort = ${profile.host.port};`,
    `export const HOST_OPTIONS = ${serialOptions(profile.host)};`,
    `export const modemPort = ${profile.modem.port};`,
    `export const MODEM_OPTIONS = ${serialOptions(profile.modem)};`,
    profile.nativeAes
      ? `export const AES = require('crypto').AES;`
      : `import { aesJs } from './drivers/aes-js';
export const AES = aesJs(require('aes-js'), E.toUint8Array);`,
    journalFlash(profile, sectors[0]!.bytes),
    '',
  ].join('\n');
}
