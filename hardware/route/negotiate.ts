/**
 * Routes all nets by negotiation (PathFinder, McMurchie and Ebeling 1995): every net takes its cheapest way even
 * through others, then places that are used twice become dearer, round by round, until nobody shares.
 * Invariant: at the end no two nets' copper is closer than their clearance; otherwise it throws.
 */
import { eachNodeIn, LAYER_NODES, LAYERS, layerOf, MARGIN, NARROW, pointAt, SORTS, VIA } from './grid';
import type { Point } from '../model/geometry';
import type { Job } from './jobs';
import { around, mainPlane, PLANE_SORT } from './plane';
import type { Obstacles } from './obstacles';
import { Search, type Crowd } from './search';
import { straightened } from './straighten';

const ROUNDS = 120;
/** From here on the log says who shares. */
const WORTH_TELLING = 40;
const FIRST_PRESENT = 0.5;
const PRESENT_GROWTH = 1.25;
const PRESENT_LIMIT = 12;
const HISTORY_STEP = 0.4;
/** One way that moves makes room for another. */
const STRAIGHTENING_PASSES = 2;

/** A way over nodes, and the sort of copper at each. */
export interface Way {
  readonly nodes: readonly number[];
  readonly sorts: readonly number[];
}

/** What a net has laid: ways and vias. */
export interface Laid {
  readonly job: Job;
  readonly ways: readonly Way[];
  readonly vias: readonly number[];
}

export class Negotiation {
  private readonly crowd: Crowd;
  private readonly search: Search;
  private readonly laid = new Map<string, Laid>();
  /** Per net and sort: nodes that its copper keeps from others. */
  private readonly kept = new Map<string, Int32Array[]>();
  private readonly mark = new Uint32Array(LAYER_NODES * LAYERS);
  private markRound = 0;
  /** Where a job was last found to share. */
  private readonly places = new Map<string, Point>();

  constructor(
    private readonly jobs: readonly Job[],
    private readonly obstacles: Obstacles,
    private readonly say: (line: string) => void,
  ) {
    const size = LAYER_NODES * LAYERS;
    this.crowd = {
      counts: SORTS.map(() => new Uint8Array(size)),
      history: new Float32Array(size),
      present: FIRST_PRESENT,
    };
    this.search = new Search(obstacles, this.crowd);
  }

  run(): Laid[] {
    let todo: readonly Job[] = [...this.jobs].sort((a, b) => weight(a) - weight(b));
    for (let round = 1; round <= ROUNDS; round++) {
      for (const job of todo) {
        this.lift(job);
        const t0 = process.hrtime.bigint();
        this.lay(job);
        const ms = Number(process.hrtime.bigint() - t0) / 1e6;
        if (ms > 800) this.say(`   ${job.net} ${Math.round(ms)} ms`);
      }
      todo = this.jobs.filter((job) => this.isShared(job));
      if (todo.length === 0) todo = this.cutOffFromGround();
      this.say(
        `round ${round}: ${todo.length} share ${todo.length <= WORTH_TELLING ? this.where(todo) : ''}`,
      );
      if (todo.length === 0) return this.finished();
      this.crowd.present = Math.min(PRESENT_LIMIT, this.crowd.present * PRESENT_GROWTH);
    }
    throw new Error(`router: ${todo.map((job) => job.net).join(', ')} still share after ${ROUNDS} rounds`);
  }

  /** Everything laid, without needless corners, and looked at once more. */
  private finished(): Laid[] {
    for (let pass = 0; pass < STRAIGHTENING_PASSES; pass++) for (const job of this.jobs) this.straighten(job);
    // Vias ask for more room than tracks give them, which is right while places are dealt out; tracks decide here.
    const shared = this.jobs.filter((job) => this.isTrackShared(job));
    if (shared.length > 0) throw new Error(`router: straightening joined ${this.where(shared)}`);
    return this.jobs.map((job) => this.laid.get(job.id)!);
  }

  private isTrackShared({ id }: Job): boolean {
    return this.laid.get(id)!.ways.some(({ nodes, sorts }) =>
      nodes.some((node, index) => {
        const isShared = this.crowd.counts[sorts[index]!]![node]! > 1;
        if (isShared) this.places.set(id, pointAt(node));
        return isShared;
      }),
    );
  }

  private straighten(job: Job): void {
    const { ways, vias } = this.laid.get(job.id)!;
    this.lift(job);
    const joints = new Set(ways.flatMap(({ nodes }) => [nodes[0]!, nodes[nodes.length - 1]!]));
    const isFree = (node: number, sort: number): boolean =>
      this.obstacles.allows(sort, node, job.number) && this.crowd.counts[sort]![node] === 0;
    this.keep(job, { job, ways: ways.map((way) => straightened(way, joints, isFree)), vias });
  }

  /** Ground pads whose way down ends on a piece of plane that tracks cut off; those pieces are then forbidden. */
  private cutOffFromGround(): Job[] {
    const taken = this.jobs
      .filter((job) => job.net !== 'GND')
      .map((job) => this.kept.get(job.id)![PLANE_SORT]!);
    const isMain = mainPlane(this.obstacles, this.jobs.find((job) => job.isPlane)!.number, taken);
    const stranded = this.jobs.filter((job) => {
      const down = job.isPlane ? this.laid.get(job.id)!.vias.at(-1)! : undefined;
      if (down !== undefined) this.places.set(job.id, pointAt(down));
      return down !== undefined && !isMain[down];
    });
    for (const job of stranded) this.search.forbidPlane(around(this.laid.get(job.id)!.vias.at(-1)!, isMain));
    return stranded;
  }

  /** For the reader of the log: who shares, and where. */
  private where(jobs: readonly Job[]): string {
    return jobs
      .map((job) => {
        const point = this.places.get(job.id)!;
        return `${job.id} (${point.x.toFixed(1)}, ${point.y.toFixed(1)})`;
      })
      .join(', ');
  }

  private lift(job: Job): void {
    this.kept.get(job.id)?.forEach((nodes, sort) => {
      const counts = this.crowd.counts[sort]!;
      for (const node of nodes) counts[node]!--;
    });
    this.kept.delete(job.id);
    this.laid.delete(job.id);
  }

  private lay(job: Job): void {
    this.search.begin(job);
    const tree = this.layTree(job);
    this.keep(job, job.isPlane ? this.layPlane(tree) : tree);
  }

  private keep(job: Job, laid: Laid): void {
    this.laid.set(job.id, laid);
    const kept = SORTS.map((_, sort) => this.keptNodes(laid, sort));
    kept.forEach((nodes, sort) => {
      const counts = this.crowd.counts[sort]!;
      for (const node of nodes) counts[node]!++;
    });
    this.kept.set(job.id, kept);
  }

  /** Joins the nearest pieces first, each time from all that hangs on the one to all that hangs on the other. */
  private layTree(job: Job): { job: Job; ways: Way[]; vias: number[] } {
    const ways: Way[] = [];
    const vias: number[] = [];
    const trees = job.pieces.map((piece) => new Set(piece.nodes));
    const treeOf = job.pieces.map((_, index) => index);
    for (const { a, b } of pairsByDistance(job)) {
      const [from, to] = [treeOf[a]!, treeOf[b]!];
      if (from === to) continue;
      const nodes = this.search.way(job, trees[from]!, trees[to]!, job.pieces[b]!.nodes);
      if (!nodes) throw new Error(`router: no way for ${job.id}`);
      this.take(job, nodes, ways, vias);
      for (const node of [...trees[to]!, ...nodes]) trees[from]!.add(node);
      treeOf.forEach((tree, index) => {
        if (tree === to) treeOf[index] = from;
      });
    }
    return { job, ways, vias };
  }

  private layPlane({ job, ways, vias }: { job: Job; ways: Way[]; vias: number[] }): Laid {
    const nodes = this.search.wayDown(job, job.pieces[0]!.nodes);
    if (!nodes) throw new Error(`router: no way down for ${job.id}`);
    this.take(job, nodes, ways, vias);
    vias.push(nodes[nodes.length - 1]! % LAYER_NODES);
    return { job, ways, vias };
  }

  private take(job: Job, nodes: number[], ways: Way[], vias: number[]): void {
    ways.push({ nodes, sorts: nodes.map((node) => this.search.sortAt(job, node)) });
    for (let i = 1; i < nodes.length; i++) {
      if (layerOf(nodes[i]!) !== layerOf(nodes[i - 1]!)) vias.push(nodes[i]! % LAYER_NODES);
    }
  }

  /** Nodes where a track (or via) of that sort would come too close to what was laid. */
  private keptNodes(laid: Laid, sort: number): Int32Array {
    this.markRound++;
    const nodes: number[] = [];
    const clear = SORTS[sort]!;
    const keep = (at: number, half: number, clearance: number): void => {
      const reach = half + clear.half + Math.max(clearance, clear.clearance) + MARGIN;
      const { x, y } = pointAt(at);
      eachNodeIn(
        { x1: x - reach, y1: y - reach, x2: x + reach, y2: y + reach },
        layerOf(at),
        (node, nx, ny) => {
          if (this.mark[node] === this.markRound || Math.hypot(nx - x, ny - y) >= reach) return;
          this.mark[node] = this.markRound;
          nodes.push(node);
        },
      );
    };
    for (const way of laid.ways) {
      way.nodes.forEach((node, index) => {
        const own = SORTS[way.sorts[index]!]!;
        keep(node, own.half, own.clearance);
      });
    }
    for (const via of laid.vias) {
      keep(via, SORTS[VIA]!.half, SORTS[NARROW]!.clearance);
      keep(via + LAYER_NODES, SORTS[VIA]!.half, SORTS[NARROW]!.clearance);
    }
    return Int32Array.from(nodes);
  }

  /** Whether this net's copper is in another's way; raises the price of those places. */
  private isShared(job: Job): boolean {
    const laid = this.laid.get(job.id)!;
    let isShared = false;
    const look = (node: number, sort: number): void => {
      // The net's own copper counts once.
      if (this.crowd.counts[sort]![node]! <= 1) return;
      isShared = true;
      this.places.set(job.id, pointAt(node));
      this.crowd.history[node]! += HISTORY_STEP;
    };
    for (const way of laid.ways) way.nodes.forEach((node, index) => look(node, way.sorts[index]!));
    for (const via of laid.vias) {
      look(via, VIA);
      look(via + LAYER_NODES, VIA);
    }
    return isShared;
  }
}

/** Short nets first: they have the fewest ways. */
function weight(job: Job): number {
  if (job.isPlane) return -1;
  const points = job.pieces.map((piece) => pointAt(piece.nodes[0]!));
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  return Math.max(...xs) - Math.min(...xs) + Math.max(...ys) - Math.min(...ys);
}

/** A few nodes of a piece, to measure its distance from others. */
const SAMPLES = 16;

function pairsByDistance(job: Job): { a: number; b: number; length: number }[] {
  const samples = job.pieces.map(({ nodes }) => {
    const step = Math.max(1, Math.floor(nodes.length / SAMPLES));
    return nodes.filter((_, index) => index % step === 0).map(pointAt);
  });
  const pairs = samples.flatMap((from, a) =>
    samples.slice(a + 1).map((to, offset) => {
      let length = Infinity;
      for (const p of from) for (const q of to) length = Math.min(length, Math.hypot(p.x - q.x, p.y - q.y));
      return { a, b: a + 1 + offset, length };
    }),
  );
  return pairs.sort((one, other) => one.length - other.length);
}
