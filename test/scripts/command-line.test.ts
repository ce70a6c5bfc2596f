/** Every command of package.json answers what it does not know with a sentence and a code, and begins nothing. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { scripts } from '../../package.json';

const ROOT = path.join(__dirname, '..', '..');
/** The test command passes its words on to Jest. */
const OTHERS = ['test'];
const UNKNOWN = ['--nonsense'];
/** What is refused, where it is not an unknown option. */
const BAD: { readonly [script: string]: readonly string[] } = {
  'maker:noise': ['--share', '0.2'],
  'torture:server': ['--devices', '1.5'],
  'bench:server': ['--connections', '0'],
  'torture:mutants': ['--only', 'no such mutant'],
  torture: ['--only', '3,x'],
  powercuts: ['--shard', '4/4'],
  'bench:link': ['--only', 'no such class'],
  'test:espruino': ['--hard', ''],
  build: ['no-such-board'],
  server: ['start'],
  provision: ['--port', 'COM1'],
  flash: ['--port', 'COM1', '--profile', 'no such board'],
};

interface Ending {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function run(script: string, given: readonly string[]): Promise<Ending> {
  const words = (scripts as Record<string, string>)[script]!.split(' ');
  const file = words.findIndex((word) => word.endsWith('.ts'));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', ...words.slice(file), ...given], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (errors += data));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output, errors }));
  });
}

test.each(Object.keys(scripts).filter((name) => !OTHERS.includes(name)))(
  'npm run %s refuses what it does not know',
  async (script) => {
    const { code, output, errors } = await run(script, BAD[script] ?? UNKNOWN);
    expect(errors).toMatch(/^(error|modem): .+\n/);
    expect(errors).not.toMatch(/^ +at /m);
    expect(output).toBe('');
    expect(code).toBeGreaterThan(0);
  },
);

test('help tells what there is', async () => {
  const { code, output } = await run('server', ['--help']);
  expect(code).toBe(0);
  expect(output).toContain('Usage: npm run server --');
  expect(output).toContain('COINSLOT_GATEWAY_PORT');
});
