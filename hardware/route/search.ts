/**
 * The cheapest way over the grid from one piece of copper to another (A*), around what is forbidden and, at a
 * price, through what other nets use just now: the negotiation (negotiate.ts) raises that price until nobody
 * shares. Front and back are joined by vias.
 * Invariant: a way uses only nodes that Obstacles allows to its net.
 */
import { COLUMNS, LAYER_NODES, LAYERS, layerOf, NARROW, VIA } from './grid';
import type { Job } from './jobs';
import type { Obstacles } from './obstacles';

const STRAIGHT = 10;
const DIAGONAL = 14;
const VIA_COST = 160;
/** The back is the ground plane: tracks there cost more. */
const BACK_SHARE = 1.5;
/** More than this many others in one place make it no dearer. */
const OTHERS_LIMIT = 4;
/** Above 1 the search is faster and the ways a little longer. */
const GREED = 1.2;
const NODES = LAYER_NODES * LAYERS;

/** How crowded nodes are: by sort, the number of other nets' copper in the way; and what it cost before. */
export interface Crowd {
  readonly counts: readonly Uint8Array[];
  readonly history: Float32Array;
  /** Price of a node that is used by others. */
  present: number;
}

class Heap {
  private keys = new Float64Array(1 << 16);
  private nodes = new Int32Array(1 << 16);
  size = 0;

  clear(): void {
    this.size = 0;
  }

  push(key: number, node: number): void {
    if (this.size === this.keys.length) this.grow();
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.keys[parent]! <= key) break;
      this.keys[at] = this.keys[parent]!;
      this.nodes[at] = this.nodes[parent]!;
      at = parent;
    }
    this.keys[at] = key;
    this.nodes[at] = node;
  }

  pop(): number {
    const top = this.nodes[0]!;
    this.size--;
    const key = this.keys[this.size]!;
    const node = this.nodes[this.size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.keys[child + 1]! < this.keys[child]!) child++;
      if (this.keys[child]! >= key) break;
      this.keys[at] = this.keys[child]!;
      this.nodes[at] = this.nodes[child]!;
      at = child;
    }
    this.keys[at] = key;
    this.nodes[at] = node;
    return top;
  }

  private grow(): void {
    const keys = new Float64Array(this.keys.length * 2);
    keys.set(this.keys);
    this.keys = keys;
    const nodes = new Int32Array(this.nodes.length * 2);
    nodes.set(this.nodes);
    this.nodes = nodes;
  }
}

const STEPS: readonly { offset: number; dx: number; dy: number; cost: number }[] = [
  { dx: 1, dy: 0 },
  { dx: -1, dy: 0 },
  { dx: 0, dy: 1 },
  { dx: 0, dy: -1 },
  { dx: 1, dy: 1 },
  { dx: 1, dy: -1 },
  { dx: -1, dy: 1 },
  { dx: -1, dy: -1 },
].map(({ dx, dy }) => ({
  dx,
  dy,
  offset: dy * COLUMNS + dx,
  cost: dx !== 0 && dy !== 0 ? DIAGONAL : STRAIGHT,
}));

export class Search {
  private readonly costs = new Float64Array(NODES);
  private readonly cameFrom = new Int32Array(NODES);
  private readonly seen = new Uint32Array(NODES);
  private readonly closed = new Uint32Array(NODES);
  private readonly goals = new Uint32Array(NODES);
  private readonly fine = new Uint32Array(NODES);
  /** Where the ground plane is cut off from itself: no way down. */
  private readonly cutOff = new Uint8Array(LAYER_NODES);
  private readonly heap = new Heap();
  private round = 0;
  private fineRound = 0;

  constructor(
    private readonly obstacles: Obstacles,
    private readonly crowd: Crowd,
  ) {}

  /** Tells where this job's tracks are narrow; call before its ways. */
  begin(job: Job): void {
    this.fineRound++;
    for (const box of job.fineBoxes) {
      for (let y = Math.ceil(box.y1 * 10); y <= box.y2 * 10; y++) {
        for (let x = Math.ceil(box.x1 * 10); x <= box.x2 * 10; x++) {
          if (x < 0 || y < 0 || x >= COLUMNS || y * COLUMNS >= LAYER_NODES) continue;
          this.fine[y * COLUMNS + x] = this.fineRound;
          this.fine[LAYER_NODES + y * COLUMNS + x] = this.fineRound;
        }
      }
    }
  }

  /** The sort that this job lays at a node. */
  sortAt(job: Job, node: number): number {
    return this.fine[node] === this.fineRound ? NARROW : job.sort;
  }

  /** Price of being at a node, beyond the length; Infinity where the net may not be. */
  private price(job: Job, node: number): number {
    const sort = this.sortAt(job, node);
    if (!this.obstacles.allows(sort, node, job.number)) return Infinity;
    return this.factor(sort, node);
  }

  /** How many times dearer a node is than a free one. */
  private factor(sort: number, node: number): number {
    const others = this.crowd.counts[sort]![node]!;
    return (1 + this.crowd.history[node]!) * (1 + this.crowd.present * Math.min(others, OTHERS_LIMIT));
  }

  /** No way down ends here any more. */
  forbidPlane(nodes: readonly number[]): void {
    for (const node of nodes) this.cutOff[node % LAYER_NODES] = 1;
  }

  /** Price of a via, both layers counted. */
  viaPrice(job: Job, node: number): number {
    const front = node % LAYER_NODES;
    let price = 1;
    for (const at of [front, front + LAYER_NODES]) {
      if (!this.obstacles.allows(VIA, at, job.number)) return Infinity;
      price = Math.max(price, this.factor(VIA, at));
    }
    return VIA_COST * price;
  }

  /** Whether a via here would be in nobody's way. */
  private isViaFree(node: number): boolean {
    const front = node % LAYER_NODES;
    return this.crowd.counts[VIA]![front] === 0 && this.crowd.counts[VIA]![front + LAYER_NODES] === 0;
  }

  /** From any node of `from` to any of `to`; `aim` is the part of `to` that the search heads for. */
  way(job: Job, from: Iterable<number>, to: Iterable<number>, aim: readonly number[]): number[] | undefined {
    this.round++;
    for (const node of to) this.goals[node] = this.round;
    const box = boundsOf(aim);
    return this.run(
      job,
      from,
      (node) => GREED * octile(node, box),
      (node) => this.goals[node] === this.round,
    );
  }

  /** From any node of `from` to any place where a via may go down to the plane. */
  wayDown(job: Job, from: Iterable<number>): number[] | undefined {
    this.round++;
    return this.run(
      job,
      from,
      () => 0,
      (node) => this.endsInPlane(job, node),
    );
  }

  private run(
    job: Job,
    from: Iterable<number>,
    guess: (node: number) => number,
    isGoal: (node: number) => boolean,
  ): number[] | undefined {
    this.heap.clear();
    for (const node of from) {
      this.costs[node] = 0;
      this.seen[node] = this.round;
      this.cameFrom[node] = -1;
      this.heap.push(guess(node), node);
    }
    while (this.heap.size > 0) {
      const node = this.heap.pop();
      if (this.closed[node] === this.round) continue;
      this.closed[node] = this.round;
      if (isGoal(node)) return this.trace(node);
      this.spread(job, node, guess);
    }
    return undefined;
  }

  /** Where nobody else's copper is in the way; where there is no such place, the price decides next round. */
  private endsInPlane(job: Job, node: number): boolean {
    return (
      this.cameFrom[node] !== -1 &&
      layerOf(node) === 0 &&
      this.cutOff[node] === 0 &&
      this.isViaFree(node) &&
      this.viaPrice(job, node) !== Infinity
    );
  }

  private spread(job: Job, node: number, guess: (node: number) => number): void {
    const layer = layerOf(node);
    const inLayer = node - layer * LAYER_NODES;
    const x = inLayer % COLUMNS;
    const y = (inLayer - x) / COLUMNS;
    const share = layer === 1 ? BACK_SHARE : 1;
    for (const step of STEPS) {
      if (
        x + step.dx < 0 ||
        x + step.dx >= COLUMNS ||
        y + step.dy < 0 ||
        (y + step.dy) * COLUMNS >= LAYER_NODES
      )
        continue;
      const next = node + step.offset;
      if (this.closed[next] === this.round) continue;
      const price = this.goals[next] === this.round ? 1 : this.price(job, next);
      if (price !== Infinity) this.relax(node, next, step.cost * share * price, guess);
    }
    const other = layer === 0 ? node + LAYER_NODES : node - LAYER_NODES;
    if (this.closed[other] === this.round) return;
    const price = this.viaPrice(job, node);
    if (price !== Infinity && this.price(job, other) !== Infinity) this.relax(node, other, price, guess);
  }

  private relax(node: number, next: number, cost: number, guess: (node: number) => number): void {
    const total = this.costs[node]! + cost;
    if (this.seen[next] === this.round && total >= this.costs[next]!) return;
    this.seen[next] = this.round;
    this.costs[next] = total;
    this.cameFrom[next] = node;
    this.heap.push(total + guess(next), next);
  }

  private trace(node: number): number[] {
    const nodes: number[] = [];
    for (let at = node; at !== -1; at = this.cameFrom[at]!) nodes.push(at);
    return nodes.reverse();
  }
}

interface Bounds {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

function boundsOf(nodes: readonly number[]): Bounds {
  const bounds = { x1: COLUMNS, y1: LAYER_NODES, x2: 0, y2: 0 };
  for (const node of nodes) {
    const inLayer = node % LAYER_NODES;
    const x = inLayer % COLUMNS;
    const y = (inLayer - x) / COLUMNS;
    bounds.x1 = Math.min(bounds.x1, x);
    bounds.x2 = Math.max(bounds.x2, x);
    bounds.y1 = Math.min(bounds.y1, y);
    bounds.y2 = Math.max(bounds.y2, y);
  }
  return bounds;
}

function octile(node: number, box: Bounds): number {
  const inLayer = node % LAYER_NODES;
  const x = inLayer % COLUMNS;
  const y = (inLayer - x) / COLUMNS;
  const dx = Math.max(box.x1 - x, 0, x - box.x2);
  const dy = Math.max(box.y1 - y, 0, y - box.y2);
  return STRAIGHT * Math.max(dx, dy) + (DIAGONAL - STRAIGHT) * Math.min(dx, dy);
}
