/**
 * The burst as a deck for ngspice: the same circuit as burst.ts, solved by somebody else's program. Run where
 * ngspice is installed; the two must agree (test/hardware/burst.test.ts).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BURST, burstModel, type BurstCorner, type BurstResult } from './burst';
import { TPS54360 } from './converter';
import { partValue } from './values';

const TIMEOUT_MS = 60_000;
const PERIODS = 2;
const FIRST_BURST_S = 0.5e-3;

/** The deck's text. Currents of the amplifier and the stage are limited by sources with min and max. */
export function burstDeck(corner: BurstCorner): string {
  const m = burstModel(corner);
  const control = BURST.idleAmpere / TPS54360.powerStageS;
  const divider = TPS54360.referenceV / m.target;
  const limit = TPS54360.errorAmplifierA;
  const error = `${TPS54360.errorAmplifierS} * (${TPS54360.referenceV} - v(near) * ${divider})`;
  const top = TPS54360.currentLimitA / TPS54360.powerStageS;
  const last = BURST.period * (PERIODS - 1) + FIRST_BURST_S;
  const stop = BURST.period * PERIODS;
  return [
    `modem burst, ${corner.name}`,
    '* error amplifier and its network',
    `Bea 0 vc i = min(max(${error}, ${-limit}), ${limit})`,
    `Rea vc vc0 ${TPS54360.openLoopGain / TPS54360.errorAmplifierS}`,
    `Vc0 vc0 0 ${control}`,
    `Rcomp vc vs ${partValue('R5')}`,
    `Ccomp vs 0 ${partValue('C6')} ic=${control}`,
    `Cpole vc 0 ${partValue('C7')} ic=${control}`,
    '* limits of the control voltage',
    `Bhigh vc 0 i = max(v(vc) - ${top}, 0) * 1000`,
    'Blow 0 vc i = max(-v(vc), 0) * 1000',
    '* power stage: a current that follows the control voltage with the sampling pole',
    `Bset set 0 v = min(max(v(vc) * ${TPS54360.powerStageS}, 0), ${TPS54360.currentLimitA})`,
    'Rset set stage 1',
    `Cset stage 0 ${m.stageSeconds} ic=${BURST.idleAmpere}`,
    'Bout 0 near i = v(stage)',
    '* capacitors before and behind the switch',
    `Cnear near 0 ${m.nearCeramic} ic=${m.target}`,
    `Rnear near nb ${m.nearEsr}`,
    `Cnb nb 0 ${m.nearBulk} ic=${m.target}`,
    `Rpath near far ${m.path}`,
    `Cfar far 0 ${m.farCeramic} ic=${m.target}`,
    `Rfar far fb ${m.farEsr}`,
    `Cfb fb 0 ${m.farBulk} ic=${m.target}`,
    '* the modem',
    `Iload far 0 pulse(${BURST.idleAmpere} ${BURST.ampere} ${FIRST_BURST_S} 1u 1u ${BURST.seconds - 1e-6} ${BURST.period})`,
    `.tran 1u ${stop} 0 0.5u uic`,
    `.meas tran rest find v(far) at=${last - 5e-6}`,
    `.meas tran lowest min v(far) from=${last} to=${stop}`,
    `.meas tran highest max v(far) from=${last} to=${stop}`,
    '.end',
    '',
  ].join('\n');
}

export function hasNgspice(): boolean {
  return spawnSync('ngspice', ['--version'], { stdio: 'ignore' }).status === 0;
}

function measured(output: string, name: string): number {
  const match = new RegExp(`^${name}\\s*=\\s*([-+.\\de]+)`, 'm').exec(output);
  if (!match) throw new Error(`ngspice did not measure ${name}`);
  return Number(match[1]);
}

/** Solves the deck. */
export function runBurstDeck(corner: BurstCorner): BurstResult {
  const folder = mkdtempSync(join(tmpdir(), 'coinslot-burst-'));
  try {
    const file = join(folder, 'burst.cir');
    writeFileSync(file, burstDeck(corner));
    const output = execFileSync('ngspice', ['-b', file], {
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return {
      rest: measured(output, 'rest'),
      lowest: measured(output, 'lowest'),
      highest: measured(output, 'highest'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
