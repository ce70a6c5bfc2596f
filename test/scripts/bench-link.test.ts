/** The link bench's own promises, on a slice of its runs; `npm run bench:link` does them all. */
import { FAULT_CASES } from '../../scripts/bench-link/cases';
import { runCase } from '../../scripts/bench-link/runs';
import { ALL_FAULTS } from '../../sim/modem/faults';
import { measureThroughput } from '../../scripts/bench-link/throughput';

function caseNamed(name: string): (typeof FAULT_CASES)[number] {
  return FAULT_CASES.find((one) => one.name === name)!;
}

describe('link bench', () => {
  it.each(FAULT_CASES.map((one) => [one.name, one] as const))(
    '%s: recovers, loses nothing, sends nothing twice',
    (_name, fault) => {
      const { recoveryS, ordersLost, bytesLost, duplicates } = runCase(fault, 90_001);
      expect({ isBack: recoveryS < 300, ordersLost, bytesLost, duplicates }).toEqual({
        isBack: true,
        ordersLost: 0,
        bytesLost: 0,
        duplicates: 0,
      });
    },
  );

  it('has a class for each fault that the modem simulator knows', () => {
    const plans = FAULT_CASES.flatMap(({ plan }) => (typeof plan === 'function' ? [] : plan));
    const struck = new Set(plans.map((text) => /^[a-z-]+/.exec(text)![0]));
    expect(Object.keys(ALL_FAULTS).filter((name) => !struck.has(name))).toEqual([]);
  });

  // Both had records of an earlier connection in the stream of a later one with the same number.
  it.each([1_023, 1_172])('storm %i: no byte of an earlier connection comes through', (seed) => {
    const { bytesLost, duplicates, ordersLost } = runCase(caseNamed('storm'), seed);
    expect({ bytesLost, duplicates, ordersLost }).toEqual({ bytesLost: 0, duplicates: 0, ordersLost: 0 });
  });

  it('what the modem heard at a wrong rate does not spoil the probe at the right one', () => {
    expect(runCase(caseNamed('wrong-baud'), 1_013).recoveryS).toBeLessThan(20);
  });

  it('a reused number that hands out old bytes costs no session', () => {
    const { log } = runCase(caseNamed('stale-data-reused'), 1);
    expect(log.some((line) => line.includes('! stale-data'))).toBe(true);
    expect(log.filter((line) => line.includes('spoilt'))).toEqual([]);
  });

  it('bulk data fills the air and leaves orders their turn', () => {
    const { upShare, downShare, addedDelayS, packetS, sendBufferBytes } = measureThroughput(1, 2);
    expect(sendBufferBytes).toBe(5_840);
    expect(upShare).toBeGreaterThan(0.77);
    expect(downShare).toBeGreaterThan(0.8);
    expect(addedDelayS).toBeLessThan(packetS);
  });
});
