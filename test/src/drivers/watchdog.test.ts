/** Reset flags of RCC_CSR (RM0383, section 6.3.21). */
import { readStartCause, StartCause, startCause } from '../../../src/drivers/watchdog';

describe('start cause', () => {
  it.each([
    ['power on', 0x0e000000, StartCause.Power],
    ['brown-out', 0x06000000, StartCause.BrownOut],
    ['reset pin', 0x04000000, StartCause.Pin],
    ['software', 0x14000000, StartCause.Software],
    ['independent watchdog', 0x24000000, StartCause.Watchdog],
    ['window watchdog', 0x44000000, StartCause.Watchdog],
    ['watchdog after an uncleared power on', 0x2e000000, StartCause.Watchdog],
    ['no flag at all', 0, StartCause.Unknown],
  ])('%s', (_what, flags, cause) => {
    expect(startCause(flags)).toBe(cause);
  });

  it('is read once and cleared by RMVF', () => {
    const writes: [number, number][] = [];
    const cause = readStartCause(
      0x40023874,
      () => 0x24000000,
      (address, value) => writes.push([address, value]),
    );
    expect(cause).toBe(StartCause.Watchdog);
    expect(writes).toEqual([[0x40023874, 0x01000000]]);
  });

  it('is unknown on a chip without the register, and nothing is touched', () => {
    const touch = (): number => {
      throw new Error('touched');
    };
    expect(readStartCause(0, touch, touch)).toBe(StartCause.Unknown);
  });
});
