/**
 * KiCad 9 as the independent checker: finds it, lets it check a copy of the project, export what a fab gets, and
 * fill the pours anew. Nothing here judges; it hands back what KiCad found. Source: `kicad-cli --help`, 9.0.
 * Invariant: KiCad works on a copy in a folder of its own, because it writes into the project that it opens.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../schematic/sheet-writer';

const TIMEOUT_MS = 300_000;
/** Where Debian puts KiCad's own libraries. */
export const KICAD_SYMBOLS = '/usr/share/kicad/symbols';
export const KICAD_FOOTPRINTS = '/usr/share/kicad/footprints';

/** `9.0.8`, or undefined when there is no KiCad 9 here. */
export function kicadVersion(): string | undefined {
  const { status, stdout } = spawnSync('kicad-cli', ['version'], { encoding: 'utf8' });
  const version = status === 0 ? stdout.trim().split('\n').pop()! : undefined;
  return version?.startsWith('9.') ? version : undefined;
}

export interface Violation {
  readonly type: string;
  readonly severity: string;
  readonly description: string;
  readonly items: readonly { readonly description: string }[];
}

export interface Drc {
  readonly violations: readonly Violation[];
  readonly unconnected: readonly Violation[];
  readonly parity: readonly Violation[];
}

/** One finding on a line. */
export function violationText({ type, severity, description, items }: Violation): string {
  return `${severity} ${type}: ${description} (${items.map((item) => item.description).join('; ')})`;
}

/** A copy of the project, on which KiCad may work. */
export class KicadProject {
  readonly folder: string;

  constructor(source: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'coinslot-kicad-'));
    cpSync(source, this.folder, { recursive: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  run(...args: string[]): void {
    execFileSync('kicad-cli', args, {
      cwd: this.folder,
      timeout: TIMEOUT_MS,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  erc(): Violation[] {
    const report = this.path('erc.json');
    this.run('sch', 'erc', '--format', 'json', '--severity-all', '-o', report, `${PROJECT}.kicad_sch`);
    const { sheets } = JSON.parse(readFileSync(report, 'utf8')) as {
      sheets: { path: string; violations: Violation[] }[];
    };
    if (sheets.length < 2) throw new Error('KiCad read the root sheet only');
    return sheets.flatMap((sheet) => sheet.violations);
  }

  drc(): Drc {
    const report = this.path('drc.json');
    const options = ['--format', 'json', '--severity-all', '--schematic-parity', '-o', report];
    this.run('pcb', 'drc', ...options, `${PROJECT}.kicad_pcb`);
    const found = JSON.parse(readFileSync(report, 'utf8')) as {
      violations: Violation[];
      unconnected_items: Violation[];
      schematic_parity: Violation[];
    };
    return {
      violations: found.violations,
      unconnected: found.unconnected_items,
      parity: found.schematic_parity,
    };
  }

  /** KiCad's own net list of the schematic. */
  netlist(): string {
    this.run('sch', 'export', 'netlist', '-o', this.path('netlist.net'), `${PROJECT}.kicad_sch`);
    return this.read('netlist.net');
  }

  gerbers(layers: readonly string[]): void {
    const options = ['--no-x2', '--no-netlist', '--layers', layers.join(',')];
    this.run('pcb', 'export', 'gerbers', ...options, '-o', `${this.folder}/`, `${PROJECT}.kicad_pcb`);
  }

  drills(): void {
    const options = ['--format', 'excellon', '--excellon-separate-th'];
    this.run('pcb', 'export', 'drill', ...options, '-o', `${this.folder}/`, `${PROJECT}.kicad_pcb`);
  }
}
