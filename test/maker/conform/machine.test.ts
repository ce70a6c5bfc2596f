/** The machine of a host under test: a port that stays when the machine restarts, and a program that is started, told and killed. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListeningPort, personAt, ProgramMachine } from '../../../maker/conform/machine';
import { until } from '../../server/support/until';

test('whoever connected last is the machine; its bytes come, the older ones do not', async () => {
  const port = await ListeningPort.open(0);
  const got: string[] = [];
  port.onData = (bytes) => got.push(bytes.toString());
  const join = (): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(port.port, '127.0.0.1', () => resolve(socket));
      socket.on('error', () => {});
    });
  const first = await join();
  await port.connected;
  first.write('one');
  await until(() => got.length === 1);
  const gone = new Promise((resolve) => first.once('close', resolve));
  const second = await join();
  await gone;
  const heard: string[] = [];
  second.on('data', (bytes: Buffer) => heard.push(bytes.toString()));
  port.write(Buffer.from('hello'));
  second.write('two');
  await until(() => got.length === 2 && heard.length === 1);
  expect([got, heard]).toEqual([['one', 'two'], ['hello']]);
  await expect(ListeningPort.open(port.port)).rejects.toThrow('cannot listen');
  port.close();
});

test('a program is started, told to sell, started anew for a restart, and gone at the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coinslot-'));
  const log = join(folder, 'log');
  const said: string[] = [];
  // The folder for temporary files may have any name.
  const quoted = `'${log.replaceAll("'", "'\\''")}'`;
  const machine = new ProgramMachine(`echo $$ >> ${quoted}; cat >> ${quoted}`, true, (text) =>
    said.push(text),
  );
  const lines = (): string[] => {
    try {
      return readFileSync(log, 'utf8').split('\n').slice(0, -1);
    } catch {
      return [];
    }
  };
  await until(() => lines().length === 1);
  machine.sell();
  await until(() => lines().length === 2);
  machine.restart();
  await until(() => lines().length === 3);
  const [first, order, second] = lines();
  expect([order, first !== second, machine.canRestart, machine.delivers]).toEqual(['sell', true, true, true]);
  machine.close();
  const isAlive = (pid: string): boolean => {
    try {
      process.kill(Number(pid), 0);
      return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    } catch {
      return false;
    }
  };
  await until(() => !isAlive(first!) && !isAlive(second!));
  expect(said).toEqual([]);
  rmSync(folder, { recursive: true });
});

test('a program that ends by itself is said, a person is asked', async () => {
  const said: string[] = [];
  const machine = new ProgramMachine('exit 3', false, (text) => said.push(text));
  await until(() => said.length === 1);
  expect(said[0]).toContain('ended with 3');
  machine.close();
  const person = personAt(false, true, (text) => said.push(text));
  person.sell();
  person.restart();
  expect(said.slice(1)).toEqual([
    expect.stringContaining('start an order'),
    expect.stringContaining('30 s of silence'),
  ]);
});
