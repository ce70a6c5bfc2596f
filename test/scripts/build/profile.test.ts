/** A profile that does not fit its board is refused with the reason; those that are shipped fit. */
import {
  journalSectors,
  loadProfile,
  ProfileError,
  profileFaults,
  profileNames,
  type BoardProfile,
  type FlashSector,
} from '../../../scripts/build/profile';

const wifi = loadProfile('espruino-wifi');

function faultsWith(change: Partial<BoardProfile>, base: BoardProfile = wifi): string {
  return profileFaults({ ...base, ...change }).join('\n');
}

describe('board profiles', () => {
  it.each(profileNames())('%s fits its board', (name) => {
    expect(profileFaults(loadProfile(name))).toEqual([]);
  });

  it('says which profiles there are', () => {
    expect(() => loadProfile('toaster')).toThrow(ProfileError);
    expect(() => loadProfile('toaster')).toThrow(/espruino-wifi, pico/);
  });

  it('keeps the journal of the WiFi in the three sectors behind the bootloader', () => {
    expect(journalSectors(wifi).map(({ address, bytes }) => [address, bytes])).toEqual([
      [0x08004000, 16384],
      [0x08008000, 16384],
      [0x0800c000, 16384],
    ]);
  });

  it('refuses a pin that the board does not bring out', () => {
    expect(faultsWith({ relays: ['A9'] })).toMatch(/relay 0 is on A9, which the board does not bring out/);
  });

  it('refuses two uses of one pin', () => {
    expect(faultsWith({ relays: ['A0', 'B2'] })).toMatch(/LED ready and relay 1 are both on B2/);
  });

  it('refuses a serial port on pins that it cannot have', () => {
    const host = { ...wifi.host, tx: 'A8' };
    expect(faultsWith({ host })).toMatch(/Serial1 cannot be on A8/);
  });

  it('refuses host and modem on one port', () => {
    expect(faultsWith({ modem: wifi.host })).toMatch(/share one serial port/);
  });

  it('refuses a port that the board does not have', () => {
    expect(faultsWith({ modem: { ...wifi.modem, port: 'Serial5' } })).toMatch(/Serial5 is not a port/);
  });

  it('refuses a ring of too few sectors', () => {
    const sectors = journalSectors(wifi).slice(0, 2);
    expect(faultsWith({ journal: { kind: 'flash', sectors } })).toMatch(/needs 3 erasable sectors/);
  });

  it('refuses sectors that overlap', () => {
    const [first, second] = journalSectors(wifi) as [never, never];
    expect(faultsWith({ journal: { kind: 'flash', sectors: [first, first, second] } })).toMatch(/overlap/);
  });

  it('refuses sectors that are too small', () => {
    const fram = { ...wifi.fram!, bytes: 8192 };
    expect(faultsWith({ fram, journal: { kind: 'fram', sectorCount: 4 } })).toMatch(/only 2048 bytes/);
  });

  it('refuses a journal in a FRAM that is not there', () => {
    expect(faultsWith({ fram: undefined, journal: { kind: 'fram', sectorCount: 4 } })).toMatch(
      /there is none/,
    );
  });

  /** Pins at the edges of an Espruino WiFi (boards/ESPRUINOWIFI.py); A2, A3 and A13 to A15 go to its ESP8266. */
  it('refuses the Espruino WiFi itself, whose second serial port is its ESP8266', () => {
    const edges = 'B15 B14 B13 B10 B1 A7 A6 A5 A4 A1 A0 B3 B4 B5 B6 B7 B8 B9 B0 A10 A8 B2 B12'.split(' ');
    expect(faultsWith({ pins: edges })).toBe(
      'modem tx is on A2, which the board does not bring out\nmodem rx is on A3, which the board does not bring out',
    );
  });

  /** Pins at the edges of an Espruino Pico (boards/PICO_R1_3.py), and its two LEDs. */
  it('finds every pin of the Pico at its edges', () => {
    const edges = 'B15 B14 B13 B10 B1 A7 A6 A5 B3 B4 B5 B6 B7 A8 A4 A3 A2 A1 A0 A10 B9 B8 B2 B12'.split(' ');
    expect(faultsWith({ pins: edges }, loadProfile('pico'))).toBe('');
  });

  it.each(['A9', 'A11', 'A12', 'A13', 'A14', 'C13', 'C14', 'C15'])(
    'gives away no pin that a STM32F4 board needs itself: %s',
    (pin) => {
      for (const name of ['espruino-wifi', 'pico', 'stm32f4-generic']) {
        expect(loadProfile(name).pins).not.toContain(pin);
      }
    },
  );

  it.each(['D23', 'D24', 'D29'])('gives away no pin that a Raspberry Pi Pico needs itself: %s', (pin) => {
    expect(loadProfile('rp2040').pins).not.toContain(pin);
  });

  // RM0383 and RM0090, table 5; Espruino's board files, saved_code.
  const places: [string, number, number, number, number][] = [
    ['espruino-wifi', 0x08010000, 65536, 0x08020000, 384 * 1024],
    ['pico', 0x08004000, 49152, 0x08010000, 320 * 1024],
    ['stm32f4-generic', 0x080c0000, 262144, 0x08000000, 384 * 1024],
    ['rp2040', 0x101c0000, 262144, 0x10000000, 1792 * 1024],
  ];

  it.each(places)('knows where Espruino and its files are on %s', (name, address, bytes, own, ownBytes) => {
    const { storage, espruino } = loadProfile(name);
    expect([storage, espruino]).toEqual([
      { address, bytes },
      { address: own, bytes: ownBytes },
    ]);
  });

  const sector = (address: number, bytes = 16384): FlashSector => ({
    address,
    bytes,
    eraseMs: 400,
    wordWriteUs: 16,
  });
  const misplaced: [string, FlashSector[], RegExp][] = [
    ['in Storage', [sector(0x08004000), sector(0x08008000), sector(0x08010000)], /sector 2 lies in Storage/],
    [
      'in Espruino',
      [sector(0x08004000), sector(0x08008000), sector(0x08040000)],
      /sector 2 lies where Espruino/,
    ],
    [
      'beside a sector',
      [sector(0x08004000), sector(0x08008000), sector(0x0800d000, 8192)],
      /does not begin an erase/,
    ],
    [
      'outside the chip',
      [sector(0x08004000), sector(0x08008000), sector(0x09000000)],
      /does not begin an erase/,
    ],
    [
      'over two sectors',
      [sector(0x08004000, 32768), sector(0x0800c000)],
      /32768 bytes, the chip's sector 16384/,
    ],
    ['too large to be read', [sector(0x08004000, 32768), sector(0x0800c000)], /would take too long to read/],
  ];

  it.each(misplaced)('refuses a journal %s', (_where, sectors, reason) => {
    expect(faultsWith({ journal: { kind: 'flash', sectors } })).toMatch(reason);
  });

  it('refuses a journal in the flash of a RP2040', () => {
    const sectors = [0x10100000, 0x10104000, 0x10108000].map((address) => sector(address));
    expect(faultsWith({ journal: { kind: 'flash', sectors } }, loadProfile('rp2040'))).toMatch(
      /locks outside Storage/,
    );
  });

  it('refuses a FRAM on pins that its bus cannot have, and on a bus that there is not', () => {
    const pico = loadProfile('pico');
    expect(faultsWith({ fram: { ...pico.fram!, sck: 'B8' } }, pico)).toMatch(/sck of SPI1 cannot be on B8/);
    expect(faultsWith({ fram: { ...pico.fram!, bus: 'SPI9' } }, pico)).toMatch(
      /SPI9 is not a bus of the board/,
    );
  });

  it('refuses a Storage that is smaller than the program may be', () => {
    const storage = { ...wifi.storage, bytes: 32768 };
    expect(faultsWith({ storage })).toBe('Storage has 32768 bytes, the program may take 40960');
  });

  it('refuses aes-js where it does not fit beside the firmware', () => {
    const stock = loadProfile('stm32f4-generic');
    expect(faultsWith({ nativeAes: false }, stock)).toMatch(/needs 10235 JsVars .*the board has 5450/);
  });

  it('refuses a board with too little memory', () => {
    expect(faultsWith({ jsVars: 2756 })).toMatch(/needs 4000 JsVars .*the board has 2756/);
  });
});
