/**
 * The bundle on the real interpreter with no more stack than a process can have here, 64 kB: what a host sends must not
 * make it deeper than the program itself needs. A board has a fifth of that, and no guard page behind it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildFirmware } from '../../../scripts/build/build';
import { InterpreterBox } from '../../../sim/interpreter/box';
import { findInterpreter } from '../../../sim/interpreter/interpreter';
import { RealNetwork } from '../../../sim/network/real-network';
import { Machine } from '../../../sim/product/machine';
import { RealClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { HostType } from '../../../src/protocol/host';

const LIMIT_MS = 20_000;
const BAD_PAYLOAD = 5;
const interpreter = findInterpreter();

(interpreter ? describe : describe.skip)('a small stack', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-stack-'));
  const clock = new RealClock();
  const network = new RealNetwork({ clock });
  let box: InterpreterBox;
  let machine: Machine;

  beforeAll(async () => {
    box = await InterpreterBox.make({
      interpreter: { ...interpreter!, wrapper: ['sh', '-c', 'ulimit -s 64; exec "$@"', 'sh'] },
      firmware: await buildFirmware('linux'),
      folder: path.join(folder, 'box'),
      clock,
      random: new Random(1),
      network,
    });
    machine = new Machine(box.host, clock);
    const started = machine.waitFor(HostType.Info, () => true, LIMIT_MS);
    box.powerOn();
    await started;
  });

  afterAll(async () => {
    await box.close();
    network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['SET_SETTINGS', HostType.SetSettings, '['.repeat(505)],
    ['SET_SETTINGS, objects', HostType.SetSettings, '{"a":'.repeat(100)],
    ['PROVISION', HostType.Provision, '['.repeat(250)],
  ])('is not used up by brackets in %s', async (_what, type, json) => {
    await expect(machine.request(type, { json })).rejects.toMatchObject({ reason: BAD_PAYLOAD });
    expect(box.starts).toBe(1);
  });

  it('is enough for settings and an identity that are good', async () => {
    await machine.request(HostType.SetSettings, { json: '{"onMs":100}' });
    const identity = {
      id: 'CSBENCH1',
      key: '000102030405060708090a0b0c0d0e0f',
      host: 'gateway.example',
      port: 7001,
      apn: 'cmnet',
      user: '['.repeat(24),
      pass: '{'.repeat(24),
    };
    const known = machine.waitFor(HostType.Info, ({ deviceId }) => deviceId === identity.id, LIMIT_MS);
    await machine.request(HostType.Provision, { json: JSON.stringify(identity) });
    await known;
  });
});
