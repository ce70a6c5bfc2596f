/**
 * `npm run provision` against the built bundle on the interpreter: identity in the module, from the command or from a
 * platform, and afterwards no console on any port.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildFirmware } from '../../../scripts/build/build';
import { InterpreterBox } from '../../../sim/interpreter/box';
import { RealNetwork } from '../../../sim/network/real-network';
import { RealClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { command, interpreter, type Said } from './board';
import { LooseClock } from './loose-clock';

const PROVISION = 'scripts/provision.ts';
const KEY = '000102030405060708090a0b0c0d0e0f';
const BENCH = ['--apn', 'cmnet'];
/** Each moves a relay and says something, where a console takes it up. */
const PROOFS = [
  'digitalWrite("D10",1);print("P"+"WNED")\n',
  '\x03\x03\nprint("P"+"WNED")\r\n',
  '\x10print("P"+"WNED")\n',
];
const onInterpreter = interpreter ? describe : describe.skip;

/** A platform that knows one device, and what it was asked. */
async function platform(): Promise<{ url: string; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const server = createHttp((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const isKnown = request.url === '/api/v1/devices';
    response.writeHead(isKnown ? 409 : 200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(
        isKnown ? { error: 'EXISTS', text: 'It exists already.' } : { id: 'CSBENCH2', key: KEY },
      ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

describe('provision', () => {
  const wrong: [string, string[], RegExp][] = [
    ['no gateway', ['--port', 'tcp:9', '--id', 'CSBENCH1', '--key', KEY], /where do devices connect\?/],
    [
      'a gateway that is none',
      ['--port', 'tcp:9', '--id', 'CSBENCH1', '--key', KEY, '--gateway', 'x'],
      /x is no address/,
    ],
    [
      'an id that is none',
      ['--port', 'tcp:9', '--id', 'lower', '--key', KEY, '--gateway', 'a:1'],
      /^the id has to be/,
    ],
    [
      'a port that is none',
      ['--port', 'tcp:9', '--id', 'CSBENCH1', '--key', KEY, '--gateway', 'a:0'],
      /a:0 is no address/,
    ],
    [
      'a key that is none',
      ['--port', 'tcp:9', '--id', 'CSBENCH1', '--key', 'f00', '--gateway', 'a:1'],
      /^the key has to be 32/,
    ],
    [
      'a PIN that is none',
      ['--port', 'tcp:9', '--id', 'CSBENCH1', '--key', KEY, '--gateway', 'a:1', '--pin', 'x'],
      /^the PIN has to be/,
    ],
    [
      'more than a module keeps',
      [
        ...['--port', 'tcp:9', '--id', 'CSBENCH1', '--key', KEY, '--gateway', `${'a'.repeat(63)}:1`],
        ...['--apn', 'a'.repeat(32), '--user', 'u'.repeat(24), '--pass', 'p'.repeat(24), '--pin', '12345678'],
      ],
      /too long together/,
    ],
    [
      'no token',
      ['--port', 'tcp:9', '--id', 'CSBENCH1', '--server', 'http://127.0.0.1:9'],
      /wants the operator’s token/,
    ],
    [
      'a server that is none',
      ['--port', 'tcp:9', '--id', 'CSBENCH1', '--server', 'there'],
      /there is no address/,
    ],
    ['no key', ['--port', 'tcp:9', '--id', 'CSBENCH1', '--gateway', 'a:1'], /give either --key, or --server/],
    [
      'no port',
      ['--port', '/dev/no-such-port', '--id', 'CSBENCH1', '--key', KEY, '--gateway', 'a:1'],
      /cannot open \/dev\/no-such-port/,
    ],
  ];

  it.each(wrong)('says what is missing: %s', async (_what, options, sentence) => {
    const { status, text } = await command(PROVISION, ...BENCH, ...options);
    expect(text).toMatch(sentence);
    expect(status).toBe(1);
  });
});

onInterpreter('provision, on a module', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-provision-'));
  const clock = new LooseClock();
  const network = new RealNetwork({ clock });
  let box: InterpreterBox;
  let port: string;
  let console_ = '';
  const line = createServer((socket) => {
    box.host.onData = (bytes) => socket.write(bytes);
    socket.on('data', (bytes) => box.host.write(bytes));
    socket.on('error', () => {});
  });

  beforeAll(async () => {
    box = await InterpreterBox.make({
      interpreter: interpreter!,
      firmware: await buildFirmware('linux'),
      folder: path.join(folder, 'box'),
      clock,
      random: new Random(1),
      network,
      onConsole: (text) => (console_ += `${text}\n`),
    });
    await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
    port = `tcp:127.0.0.1:${(line.address() as AddressInfo).port}`;
    box.powerOn();
  });

  afterAll(async () => {
    await box.close();
    network.close();
    line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...options: string[]): Promise<Said> =>
    command(PROVISION, '--port', port, ...BENCH, ...options);

  /** Says something on a port that only a console would take up; whether it did. */
  async function isConsole(at: 'usb' | 'modem' | 'host'): Promise<boolean> {
    let heard = '';
    const { onData } = box.host;
    box.host.onData = (bytes) => (heard += bytes.toString('latin1'));
    console_ = '';
    const pulses = box.relayPulses[1]!;
    for (const text of PROOFS) {
      if (at === 'host') box.host.write(Buffer.from(text, 'latin1'));
      else box.typeAt(at, text);
      await new Promise<void>((resolve) => void new RealClock().setTimer(resolve, 250));
    }
    box.host.onData = onData;
    return /PWNED/.test(console_ + heard) || box.relayPulses[1] !== pulses;
  }

  it('leaves the bench a console on USB, and nobody else, while the module has no identity', async () => {
    expect(await isConsole('usb')).toBe(true);
    expect(await isConsole('host')).toBe(false);
    expect(await isConsole('modem')).toBe(false);
  });

  it('gives the module its identity with a key that the platform made', async () => {
    const { url, asked, server } = await platform();
    const gateway = ['--gateway', 'gateway.example:7001'];
    const options = ['--id', 'CSBENCH2', '--server', url, '--token', 'demo-token', ...gateway];
    const known = await run(...options, '--merchant', '1');
    expect(known.text).toMatch(/the platform knows CSBENCH2 already: --renew makes another key/);
    expect(known.status).toBe(1);
    const renewed = await run(...options, '--renew');
    expect(renewed.text).toMatch(
      /^provisioned: CSBENCH2, firmware \d+\.\d+\.\d+, server gateway\.example:7001\n$/,
    );
    expect(renewed.status).toBe(0);
    expect(asked).toEqual([
      'POST /api/v1/devices Bearer demo-token',
      'POST /api/v1/devices/CSBENCH2/key Bearer demo-token',
    ]);
    expect(renewed.text + console_).not.toContain(KEY);
    const again = await run(...options, '--renew');
    expect(again.text).toMatch(/this module is CSBENCH2 already: an identity is given once/);
    expect(again.status).toBe(1);
    expect(asked).toHaveLength(2);
    server.close();
  });

  it.each(['usb', 'host', 'modem'] as const)(
    'has no console at %s any more',
    async (at) => {
      const { starts } = box;
      expect(await isConsole(at)).toBe(false);
      expect(box.starts).toBe(starts);
    },
    60_000,
  );

  it('says that nobody answers at a port', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = `tcp:127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { status, text } = await command(
      PROVISION,
      ...BENCH,
      '--port',
      address,
      '--id',
      'CSBENCH1',
      '--key',
      KEY,
      '--gateway',
      'a:1',
    );
    silent.close();
    expect(text).toMatch(/did not answer HELLO/);
    expect(status).toBe(1);
  });
});
