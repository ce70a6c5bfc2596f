/** Changing the master key: nothing is lost on the way, and a server that could not open its secrets does not start. */
import { parametersOwner } from '../../../server/merchants/merchants';
import { generateMasterKey, MasterKeys, SealedBox } from '../../../server/secrets';
import { StartError } from '../../../server/start-error';
import { DEVICE, KEY, ServerBench } from '../support/server';

const OLD = generateMasterKey('old');
const NEW = generateMasterKey('new');

/** Starts a server with these keys on the bench's database, does something, stops it. */
async function withKeys<Value>(
  bench: ServerBench,
  masterKey: string,
  work: (other: ServerBench) => Promise<Value>,
): Promise<Value> {
  const other = await bench.beside({ masterKey });
  try {
    return await work(other);
  } finally {
    await other.stop();
  }
}

let bench: ServerBench;

beforeAll(async () => {
  bench = await ServerBench.start({ masterKey: OLD });
});
afterAll(() => bench.stop());

async function opensSession(other: ServerBench): Promise<boolean> {
  const device = await other.connect(DEVICE, KEY);
  const isOpen = device.sealer !== undefined;
  await device.close();
  return isOpen;
}

test('everything is sealed under the new key, devices go on, and the old key may go', async () => {
  const resealed = await withKeys(bench, `${NEW},${OLD}`, async (other) => {
    expect(await opensSession(other)).toBe(true);
    const first = await other.server.core.secrets.reseal();
    expect(await other.server.core.secrets.reseal()).toEqual({ resealed: 0, current: first.resealed });
    return first;
  });
  expect(resealed).toEqual({ resealed: 1, current: 0 });
  expect(await withKeys(bench, NEW, opensSession)).toBe(true);
});

test('payment parameters are sealed anew as well, and open for their own channel', async () => {
  const { database } = bench.server.core;
  const owner = parametersOwner(bench.merchantId, 'wechat');
  const sealedParameters = new SealedBox(MasterKeys.parse(OLD)).seal('parameters', owner);
  await database.db.updateTable('channels').set({ sealedParameters }).execute();
  await withKeys(bench, `${NEW},${OLD}`, async (other) => {
    expect(await other.server.core.secrets.reseal()).toEqual({ resealed: 1, current: 1 });
  });
  const row = await database.db.selectFrom('channels').select('sealedParameters').executeTakeFirstOrThrow();
  expect(new SealedBox(MasterKeys.parse(NEW)).open(row.sealedParameters, owner)).toEqual({
    ok: true,
    plaintext: 'parameters',
  });
});

test.each([
  ['without the key', OLD, 'lacks the key "new"'],
  ['with another key of its name', generateMasterKey('new'), 'another key "new"'],
])('a server %s does not start, and says what is missing', async (_what, masterKey, sentence) => {
  const start = bench.beside({ masterKey });
  await expect(start).rejects.toThrow(StartError);
  await expect(start).rejects.toThrow(sentence);
});
