/**
 * A short slice of the kill campaign (npm run torture:server): real server processes and PostgreSQL killed, the
 * sandbox misbehaving, devices losing power, then the money laws over all three ledgers.
 */
import { runCampaign } from '../../scripts/torture-server/campaign';

const SEED = Number(process.env.TORTURE_SEED ?? 7);

test(`no money law is broken under kills, seed ${SEED}`, async () => {
  const said: string[] = [];
  const result = await runCampaign({
    seed: SEED,
    seconds: 7,
    devices: 16,
    servers: 2,
    codeS: 6,
    patienceS: 12,
    pauseMs: 1_000,
    policies: ['refund'],
    pace: {
      killMs: [1_000, 2_000],
      pgKillMs: [3_000, 4_000],
      sandboxKillMs: [2_000, 3_000],
      providerMs: [300, 900],
      salesWaitMs: 10_000,
    },
    say: (text) => void said.push(text),
  });
  expect({ violations: result.violations, said: result.violations > 0 ? said : [] }).toEqual({
    violations: 0,
    said: [],
  });
  expect(result.orders).toBeGreaterThan(5);
  expect(result.delivered).toBeGreaterThan(0);
  expect(result.kills).toBeGreaterThan(0);
  expect(result.pgKills).toBeGreaterThan(0);
  expect(result.sandboxKills).toBeGreaterThan(0);
  expect(result.attacks).toBeGreaterThan(0);
}, 300_000);
