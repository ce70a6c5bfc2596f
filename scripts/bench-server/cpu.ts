/**
 * Processor time of the parts of the bench, from /proc: the kernel's own accounts, which other work on the machine
 * cannot blur as it blurs the wall clock. Undefined where there is no /proc.
 */
import * as fs from 'node:fs';

const MS_PER_TICK = 10;
/** Fields of /proc/PID/stat after the name, from 0: parent, times of its own, times of children that have ended. */
const FIELDS = { parent: 1, own: [11, 12], ended: [13, 14] } as const;

/** What used the processor: the server's processes, PostgreSQL's, and the bench's own (the devices and their provider). */
export interface CpuMs {
  readonly server: number;
  readonly postgres: number;
  readonly bench: number;
}

function fieldsOf(pid: number | string): string[] | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function timesMs(fields: readonly string[] | undefined, which: readonly number[]): number {
  return fields ? which.reduce((sum, field) => sum + Number(fields[field]) * MS_PER_TICK, 0) : 0;
}

/** The postmaster, its children that live and those that have ended. */
function treeMs(postmaster: number): number {
  const own = fieldsOf(postmaster);
  let sum = timesMs(own, [...FIELDS.own, ...FIELDS.ended]);
  for (const name of fs.readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? fieldsOf(name) : undefined;
    if (fields && Number(fields[FIELDS.parent]) === postmaster) sum += timesMs(fields, FIELDS.own);
  }
  return sum;
}

/** Reads the meters of these processes; take the difference of two readings. */
export function readCpu(servers: readonly number[], postmaster: number): CpuMs | undefined {
  if (!fs.existsSync('/proc/self/stat')) return undefined;
  return {
    server: servers.reduce((sum, pid) => sum + timesMs(fieldsOf(pid), FIELDS.own), 0),
    postgres: treeMs(postmaster),
    bench: timesMs(fieldsOf('self'), FIELDS.own),
  };
}

/** Microseconds of processor time. */
export interface CpuUs extends CpuMs {
  readonly all: number;
}

/** Adds up what was used during pieces of work, and shares it out. */
export class CpuMeter {
  private readonly sumMs = { server: 0, postgres: 0, bench: 0 };

  constructor(private readonly read: () => CpuMs | undefined) {}

  async around<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = this.read();
    const result = await work();
    const after = this.read();
    if (before && after) {
      for (const part of ['server', 'postgres', 'bench'] as const)
        this.sumMs[part] += after[part] - before[part];
    }
    return result;
  }

  /** What each of `count` took. */
  per(count: number): CpuUs {
    const each = (ms: number): number => Math.round((ms * 1_000) / count);
    const { server, postgres, bench } = this.sumMs;
    return {
      server: each(server),
      postgres: each(postgres),
      bench: each(bench),
      all: each(server + postgres + bench),
    };
  }
}
