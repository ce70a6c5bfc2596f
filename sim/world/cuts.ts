/**
 * Power cuts at named points of a story: every flash operation, every frame on the host's line in either
 * direction, everything that passes between the machine and the server, every move of the relay; each before, in
 * the middle of and after it. Events are numbered anew from each time that the power comes on, so that a cut is
 * named by a number and a phase, and a pair of cuts by two of them.
 * Model: littlefs' reentrant tests (lfs_emubd) and mcuboot's sim, which cut at write 1, 2, 3…; here messages and
 * the relay count as well. Invariant: the same firmware, story and points give the same run.
 */
import type { Firmware } from '../../scripts/build/build';
import type { CutPhase } from '../flash';
import type { Plan } from './plan';
import { type Patience, Play, type PlayResult } from './play';

export type PointKind = 'flash' | 'to host' | 'from host' | 'to server' | 'from server' | 'relay';

/** Something at which the power can fail. */
export interface CutEvent {
  readonly kind: PointKind;
  /** How long it lasts, as far as the middle of it and its end are concerned. */
  readonly lastsMs: number;
}

/** `12d`: in the middle of the twelfth event since the power came on. */
export interface CutPoint {
  readonly event: number;
  readonly phase: CutPhase;
}

export const PHASES: readonly CutPhase[] = ['before', 'during', 'after'];
const LETTERS: Readonly<Record<CutPhase, string>> = { before: 'b', during: 'd', after: 'a' };

/** Bits of one byte on the host's line, at 115200. */
const HOST_BYTE_MS = 10_000 / 115_200;
/** From the server's socket to the module's serial port, or back, in an ideal cell. */
const LINK_MS = 6;
/** About half of a pulse. */
const RELAY_MS = 200;
const EPSILON_MS = 0.01;
/** Nothing but the story itself is under way, so that rest comes soon and stays. */
const PATIENCE: Patience = { lookMs: 1_000, quietMs: 2_000 };

export function nameOf(points: readonly CutPoint[]): string {
  return points.map(({ event, phase }) => `${event}${LETTERS[phase]}`).join('+');
}

/** Reads what `nameOf` gives; undefined for anything else. */
export function readPoints(name: string): CutPoint[] | undefined {
  const points = name.split('+').map((text) => {
    const match = /^(\d+)([bda])$/.exec(text);
    const phase = match && PHASES.find((candidate) => LETTERS[candidate] === match[2]);
    return match && phase ? { event: Number(match[1]), phase } : undefined;
  });
  return points.every((point) => point !== undefined) ? (points as CutPoint[]) : undefined;
}

/** Every point at which the events of a run can be cut. */
export function pointsOf(events: readonly CutEvent[]): CutPoint[] {
  return events.flatMap((_event, event) => PHASES.map((phase) => ({ event, phase })));
}

export interface CutRun {
  readonly result: PlayResult;
  /** The events since the power last came on. */
  readonly events: readonly CutEvent[];
  /** Cuts that were made; fewer than asked for when the story was over before. */
  readonly cuts: number;
}

/** Plays a story with one machine and cuts its power at `points`, one after the other. */
export async function playCuts(
  firmware: Firmware,
  story: Plan,
  points: readonly CutPoint[],
  offMs: number,
  trace?: (text: string) => void,
): Promise<CutRun> {
  const cutter = new Cutter(firmware, story, points, offMs, trace);
  return cutter.run();
}

class Cutter {
  private readonly play: Play;
  private events: CutEvent[] = [];
  private cuts = 0;
  private isDark = false;

  constructor(
    firmware: Firmware,
    story: Plan,
    private readonly points: readonly CutPoint[],
    private readonly offMs: number,
    trace: ((text: string) => void) | undefined,
  ) {
    this.play = new Play(firmware, story, trace, PATIENCE);
    const { world } = this.play;
    const site = world.sites[0]!;
    world.onFlash = () => this.happens({ kind: 'flash', lastsMs: 0 });
    world.onHostWrite = (bytes) => void this.happens({ kind: 'to host', lastsMs: bytes * HOST_BYTE_MS });
    world.onTraffic = (direction) => {
      this.happens({ kind: direction === 'up' ? 'to server' : 'from server', lastsMs: LINK_MS });
    };
    world.onRelayMove = () => void this.happens({ kind: 'relay', lastsMs: RELAY_MS });
    const { port } = site.host;
    const write = port.write.bind(port);
    port.write = (bytes) => {
      this.happens({ kind: 'from host', lastsMs: bytes.length * HOST_BYTE_MS });
      write(bytes);
    };
    world.onPower = (isOn) => {
      this.isDark = !isOn;
      if (isOn) this.events = [];
    };
  }

  async run(): Promise<CutRun> {
    const result = await this.play.run();
    return { result, events: this.events, cuts: this.cuts };
  }

  /** An event begins; gives the phase at which a flash operation is to be cut, and cuts the others itself. */
  private happens(event: CutEvent): CutPhase | undefined {
    if (this.isDark) return undefined;
    const number = this.events.push(event) - 1;
    const point = this.points[this.cuts];
    if (point?.event !== number) return undefined;
    this.cuts += 1;
    const { world } = this.play;
    const site = world.sites[0]!;
    world.note(() => `* cut ${point.phase} event ${number}, ${event.kind}`);
    if (event.kind === 'flash') {
      site.staysOffMs(this.offMs);
      return point.phase;
    }
    const waitMs = { before: 0, during: event.lastsMs / 2, after: event.lastsMs + EPSILON_MS }[point.phase];
    if (waitMs === 0) site.cut(this.offMs);
    else world.loop.clock.setTimer(() => site.cut(this.offMs), waitMs);
    return undefined;
  }
}
