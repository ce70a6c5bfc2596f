/** The clocks that follow the machine: what a step of its time does to them, and what it does not. */
import { startSandbox } from '../../../sim/providers';
import { RealClock, WallClock } from '../../../sim/time/clock';
import { callWechat } from '../providers/support/wechatCaller';

const HOUR_MS = 3_600_000;

/** As after a night's sleep, or when a time server was asked at last. */
function setMachineClock(stepMs: number): void {
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + stepMs);
}

afterEach(() => jest.restoreAllMocks());

test.each([HOUR_MS, -HOUR_MS])('a machine whose clock is set by %d ms', (stepMs) => {
  const [real, wall] = [new RealClock(), new WallClock()];
  const before = { real: real.nowMs(), wall: wall.nowMs() };
  setMachineClock(stepMs);
  // Within a minute: this machine may be busy.
  expect(Math.abs(wall.nowMs() - before.wall - stepMs)).toBeLessThan(60_000);
  expect(Math.abs(real.nowMs() - before.real)).toBeLessThan(60_000);
});

test.each([HOUR_MS, -HOUR_MS])(
  'timers of a wall clock take their time all the same: set by %d ms',
  async (stepMs) => {
    const wall = new WallClock();
    let cleared = 0;
    const never = wall.setTimer(() => (cleared += 1), 1);
    wall.clearTimer(never);
    await new Promise<void>((resolve) => {
      wall.setTimer(resolve, 20);
      setMachineClock(stepMs);
    });
    expect(cleared).toBe(0);
  },
);

test('the sandbox goes on taking what a merchant signs by the machine’s clock', async () => {
  const sandbox = await startSandbox();
  const { demoMerchant } = sandbox;
  const ask = async (): Promise<unknown> => {
    const url = `/v3/pay/transactions/out-trade-no/CS000001_1?mchid=${demoMerchant.wechat.mchId}`;
    const reply = await callWechat(sandbox, demoMerchant, { method: 'GET', url, nowMs: Date.now() });
    return reply.body['code'];
  };
  try {
    expect(await ask()).toBe('ORDER_NOT_EXIST');
    setMachineClock(HOUR_MS);
    expect(await ask()).toBe('ORDER_NOT_EXIST');
  } finally {
    await sandbox.close();
  }
});
