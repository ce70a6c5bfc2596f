'use strict';

/**
 * Board profiles: the one place that says which pin, port and flash area a board gives to what, and what the
 * board lacks. The build turns a profile into the module `board-profile` (src/board-profile.d.ts); the virtual
 * board, the budgets and the flasher read it too. Addresses, sizes and JsVars are from Espruino's own board
 * files (2v29); pins are chips' pin names. `storage` is where Espruino keeps files, `espruino` where it is itself. scripts/build/profile.ts refuses a profile that does not fit.
 *
 * Journal: `flash` = sectors of the chip's own flash, through require("Flash"); `fram` = a SPI FRAM (no erase
 * stalls), for boards where fewer than two erasable sectors are free.
 */

/** Pins of a 48-pin STM32F4 that nothing on the board needs: not USB (A9, A11, A12), debugging (A13, A14), the button or a crystal (C13 to C15). */
const stm32f4Pins = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 15].map((number) => `A${number}`),
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15].map((number) => `B${number}`),
];

/** Same wiring on every board with a 48-pin STM32F4: hardware/ draws this. */
const stm32f4Wiring = {
  host: { port: 'Serial1', tx: 'B6', rx: 'B7', baud: 115200 },
  modem: { port: 'Serial2', tx: 'A2', rx: 'A3', baud: 115200 },
  modemPins: { pwrkey: 'B13', reset: 'B14', supply: 'B15', status: 'B10' },
  relays: ['A0', 'A1'],
  leds: { ready: 'B2', fault: 'B12' },
  pins: stm32f4Pins,
  serialPins: { Serial1: ['B6', 'B7'], Serial2: ['A2', 'A3'] },
  spiPins: { SPI1: { sck: ['A5', 'B3'], miso: ['A6', 'B4'], mosi: ['A7', 'B5'] } },
  fram: { bus: 'SPI1', sck: 'A5', miso: 'A6', mosi: 'A7', cs: 'A4', bytes: 32768 },
};

/** STM32F4 flash (RM0383, RM0090): 16 kB and 128 kB sectors, written by words, erases stall the CPU. */
const KB = 1024;
const f4Sector16 = (address) => ({ address, bytes: 16 * KB, eraseMs: 400, wordWriteUs: 16 });
/** Of a sector of 128 kB only so much is used: a start reads all of it, at about 5 kB a second. */
const f4Sector128 = (address) => ({ address, bytes: 16 * KB, eraseMs: 2000, wordWriteUs: 16 });

module.exports = {
  limits: { bundleBytes: 40 * KB, idleJsVars: 2500, peakJsVars: 4000 },

  profiles: {
    'espruino-wifi': {
      ...stm32f4Wiring,
      boardId: 'ESPRUINOWIFI',
      title:
        'STM32F411CE with the Espruino WiFi build, as hardware/ draws it (main target); on the Espruino WiFi itself A2 and A3 belong to its ESP8266',
      chip: { part: 'STM32F411CEU6', family: 'STM32F4', clockMhz: 100 },
      jsVars: 8190,
      nativeAes: true,
      defaultConsole: 'Serial1',
      movesConsoleTo: 'USB',
      ledGlobals: { LED1: 'B2', LED2: 'B12' },
      resetFlagsAddress: 0x40023874,
      // The supervisor of hardware/ (TPS3828): resets 0.9 to 2.5 s after the last kick, from the first one on.
      watchdogPin: 'B1',
      storage: { address: 0x08010000, bytes: 64 * KB },
      espruino: { address: 0x08020000, bytes: 384 * KB },
      journal: {
        kind: 'flash',
        sectors: [0x08004000, 0x08008000, 0x0800c000].map(f4Sector16),
      },
    },

    pico: {
      ...stm32f4Wiring,
      boardId: 'PICO_R1_3',
      title: 'Espruino Pico, STM32F401CD; journal in a SPI FRAM, the chip has one free sector only',
      chip: { part: 'STM32F401CDU6', family: 'STM32F4', clockMhz: 84 },
      jsVars: 5100,
      nativeAes: true,
      defaultConsole: 'Serial1',
      movesConsoleTo: 'USB',
      ledGlobals: { LED1: 'B2', LED2: 'B12' },
      resetFlagsAddress: 0x40023874,
      storage: { address: 0x08004000, bytes: 48 * KB },
      espruino: { address: 0x08010000, bytes: 320 * KB },
      journal: { kind: 'fram', sectorCount: 4 },
    },

    'stm32f4-generic': {
      ...stm32f4Wiring,
      boardId: 'STM32F405RG',
      title: 'generic STM32F405RG, with an Espruino built with CRYPTO (the stock build has no AES)',
      chip: { part: 'STM32F405RGT6', family: 'STM32F4', clockMhz: 168 },
      jsVars: 5450,
      nativeAes: true,
      defaultConsole: 'Serial1',
      movesConsoleTo: null,
      ledGlobals: {},
      resetFlagsAddress: 0x40023874,
      storage: { address: 0x080c0000, bytes: 256 * KB },
      espruino: { address: 0x08000000, bytes: 384 * KB },
      journal: {
        kind: 'flash',
        sectors: [0x08060000, 0x08080000, 0x080a0000].map(f4Sector128),
      },
    },

    rp2040: {
      boardId: 'RP2040_PICO',
      title:
        'Raspberry Pi Pico, RP2040; AES by aes-js, journal in a SPI FRAM (flash outside Storage is locked)',
      chip: { part: 'RP2040', family: 'RP2XXX', clockMhz: 133 },
      jsVars: 12000,
      nativeAes: false,
      defaultConsole: 'USB',
      movesConsoleTo: 'USB',
      ledGlobals: { LED1: 'D25' },
      resetFlagsAddress: 0,
      storage: { address: 0x101c0000, bytes: 256 * KB },
      espruino: { address: 0x10000000, bytes: 1792 * KB },
      host: { port: 'Serial1', tx: 'D0', rx: 'D1', baud: 115200 },
      modem: { port: 'Serial2', tx: 'D4', rx: 'D5', baud: 115200 },
      modemPins: { pwrkey: 'D6', reset: 'D7', supply: 'D8', status: 'D9' },
      relays: ['D10', 'D11'],
      leds: { ready: 'D25', fault: 'D14' },
      // D23, D24 and D29 are the board's own; D25 is its LED.
      pins: [...Array(23).keys(), 25, 26, 27, 28].map((number) => `D${number}`),
      serialPins: { Serial1: ['D0', 'D1'], Serial2: ['D4', 'D5'] },
      spiPins: { SPI1: { sck: ['D18'], miso: ['D16'], mosi: ['D19'] } },
      fram: { bus: 'SPI1', sck: 'D18', miso: 'D16', mosi: 'D19', cs: 'D17', bytes: 32768 },
      journal: { kind: 'fram', sectorCount: 4 },
    },

    linux: {
      boardId: 'LINUX',
      title: 'the Linux build of the interpreter, for test:espruino (serial ports are pseudo-terminals)',
      chip: { part: 'LINUX', family: 'LINUX', clockMhz: 0 },
      jsVars: 4096,
      nativeAes: true,
      defaultConsole: 'USB',
      movesConsoleTo: 'USB',
      ledGlobals: {},
      resetFlagsAddress: 0,
      storage: { address: 0x10000000, bytes: 192 * KB },
      espruino: { address: 0, bytes: 0 },
      host: { port: 'Serial1', path: 'host.pty', baud: 115200 },
      modem: { port: 'Serial2', path: 'modem.pty', baud: 115200 },
      modemPins: { pwrkey: 'D6', reset: 'D7', supply: 'D8', status: 'D9' },
      relays: ['D10', 'D11'],
      leds: { ready: 'D12', fault: 'D13' },
      pins: Array.from({ length: 33 }, (_, index) => `D${index}`),
      serialPins: {},
      spiPins: {},
      journal: {
        kind: 'flash',
        // The last 48 kB of espruino.flash: Storage fills the image from its start and is kept below them.
        sectors: [0x10034000, 0x10038000, 0x1003c000].map(f4Sector16),
        pageBytes: KB,
      },
    },
  },
};
