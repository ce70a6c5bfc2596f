/** A profile that does not fit its board is refused with the reason; those that are shipped fit. */
import {
  journalSectors,
  loadProfile,
  ProfileError,
  profileFaults,
  profileNames,
  type BoardProfile,
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

  it('refuses aes-js where it does not fit beside the firmware', () => {
    const stock = loadProfile('stm32f4-generic');
    expect(faultsWith({ nativeAes: false }, stock)).toMatch(/needs 10235 JsVars .*the board has 5450/);
  });

  it('refuses a board with too little memory', () => {
    expect(faultsWith({ jsVars: 2756 })).toMatch(/needs 4000 JsVars .*the board has 2756/);
  });
});
