/**
 * What is already on a sheet, node by node of the connection grid, and the search for the way of a new wire: the
 * cheapest path by length, corners, crossings and texts (A*). Two nets may cross at right angles, and nothing
 * else: they share no corner, no end and no stretch, because KiCad would join them there.
 * Invariant: a path that is laid never touches another net.
 */
import type { Box, Point } from '../model/geometry';
import { STEP, type Direction } from './placed';

const DIRECTIONS: readonly Direction[] = ['right', 'down', 'left', 'up'];
const CORNER_COST = 4;
const CROSSING_COST = 6;
const TEXT_COST = 5;
const FREE = 0;
const BLOCKED = -1;

/** Smallest first, by a binary heap. */
class Queue {
  private readonly keys: number[] = [];
  private readonly values: number[] = [];

  get size(): number {
    return this.keys.length;
  }

  push(key: number, value: number): void {
    let at = this.keys.length;
    this.keys.push(key);
    this.values.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.keys[parent]! <= this.keys[at]!) break;
      this.swap(at, parent);
      at = parent;
    }
  }

  pop(): number {
    const least = this.values[0]!;
    const lastKey = this.keys.pop()!;
    const lastValue = this.values.pop()!;
    if (this.keys.length > 0) {
      this.keys[0] = lastKey;
      this.values[0] = lastValue;
      this.sink();
    }
    return least;
  }

  private sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      let least = at;
      if (left < this.keys.length && this.keys[left]! < this.keys[least]!) least = left;
      if (left + 1 < this.keys.length && this.keys[left + 1]! < this.keys[least]!) least = left + 1;
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private swap(a: number, b: number): void {
    [this.keys[a], this.keys[b]] = [this.keys[b]!, this.keys[a]!];
    [this.values[a], this.values[b]] = [this.values[b]!, this.values[a]!];
  }
}

export class Canvas {
  private readonly across: Int32Array;
  private readonly upright: Int32Array;
  private readonly corner: Int32Array;
  private readonly text: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    const count = width * height;
    this.across = new Int32Array(count);
    this.upright = new Int32Array(count);
    this.corner = new Int32Array(count);
    this.text = new Uint8Array(count);
  }

  node(point: Point): number {
    return point.y * this.width + point.x;
  }

  pointOf(node: number): Point {
    return { x: node % this.width, y: Math.floor(node / this.width) };
  }

  private nodesIn(box: Box): number[] {
    const nodes: number[] = [];
    for (let y = Math.max(0, Math.ceil(box.y1)); y <= Math.min(this.height - 1, Math.floor(box.y2)); y++) {
      for (let x = Math.max(0, Math.ceil(box.x1)); x <= Math.min(this.width - 1, Math.floor(box.x2)); x++) {
        nodes.push(y * this.width + x);
      }
    }
    return nodes;
  }

  /** Nothing may pass. */
  block(box: Box): void {
    for (const node of this.nodesIn(box)) {
      this.across[node] = BLOCKED;
      this.upright[node] = BLOCKED;
      this.corner[node] = BLOCKED;
    }
  }

  /** Wires avoid it if they can. */
  shade(box: Box): void {
    for (const node of this.nodesIn(box)) this.text[node] = 1;
  }

  /** A pin or label of this net: only its own wires may come here. */
  claim(point: Point, net: number): void {
    const node = this.node(point);
    this.across[node] = net;
    this.upright[node] = net;
    this.corner[node] = net;
  }

  /** Whether nothing at all lies in the box. */
  isEmpty(box: Box): boolean {
    return this.nodesIn(box).every(
      (node) => !this.across[node] && !this.upright[node] && !this.corner[node] && !this.text[node],
    );
  }

  /** Whether only wires that lie across (or nothing) are in the box. */
  isFreeForText(box: Box): boolean {
    return this.nodesIn(box).every(
      (node) => !this.upright[node] && !this.text[node] && this.across[node] !== BLOCKED,
    );
  }

  /** Whether wires of two nets cross here: a name would join them. */
  isCrossing(point: Point): boolean {
    const [across, upright] = [this.across[this.node(point)]!, this.upright[this.node(point)]!];
    return across > FREE && upright > FREE && across !== upright;
  }

  private isOthers(value: number, net: number): boolean {
    return value !== FREE && value !== net;
  }

  /** Cost of going from one node to its neighbour, or Infinity. */
  private stepCost(
    from: number,
    to: number,
    before: Direction | undefined,
    direction: Direction,
    net: number,
  ): number {
    const isAcross = direction === 'left' || direction === 'right';
    const along = isAcross ? this.across : this.upright;
    const against = isAcross ? this.upright : this.across;
    if (this.isOthers(along[from]!, net) || this.isOthers(along[to]!, net)) return Infinity;
    if (this.isOthers(this.corner[to]!, net) || against[to] === BLOCKED) return Infinity;
    let cost = 1;
    if (before !== undefined && before !== direction) {
      if (this.isOthers(against[from]!, net)) return Infinity;
      cost += CORNER_COST;
    }
    if (this.isOthers(against[to]!, net)) cost += CROSSING_COST;
    if (this.text[to]) cost += TEXT_COST;
    return cost;
  }

  /** The cheapest way from any of the first nodes to any of the others, as nodes, or undefined. */
  way(from: ReadonlySet<number>, to: ReadonlySet<number>, net: number): number[] | undefined {
    const states = this.width * this.height * DIRECTIONS.length;
    const costs = new Float64Array(states).fill(Infinity);
    const cameFrom = new Int32Array(states).fill(-1);
    const goals = [...to].map((node) => this.pointOf(node));
    const guess = (node: number): number => {
      const point = this.pointOf(node);
      return Math.min(...goals.map((goal) => Math.abs(goal.x - point.x) + Math.abs(goal.y - point.y)));
    };
    const queue = new Queue();
    for (const node of from) {
      for (let d = 0; d < DIRECTIONS.length; d++) {
        costs[node * 4 + d] = 0;
        queue.push(guess(node), node * 4 + d);
      }
    }
    while (queue.size > 0) {
      const state = queue.pop();
      const node = state >> 2;
      if (to.has(node) && !this.isOthers(this.corner[node]!, net)) return this.trace(state, cameFrom);
      this.spread(state, from.has(node) && cameFrom[state] === -1, net, costs, cameFrom, (next) =>
        queue.push(costs[next]! + guess(next >> 2), next),
      );
    }
    return undefined;
  }

  private spread(
    state: number,
    isStart: boolean,
    net: number,
    costs: Float64Array,
    cameFrom: Int32Array,
    push: (state: number) => void,
  ): void {
    const node = state >> 2;
    const { x, y } = this.pointOf(node);
    DIRECTIONS.forEach((direction, d) => {
      const next = { x: x + STEP[direction].x, y: y + STEP[direction].y };
      if (next.x < 0 || next.y < 0 || next.x >= this.width || next.y >= this.height) return;
      const before = isStart ? undefined : DIRECTIONS[state & 3];
      const to = this.node(next);
      const cost = costs[state]! + this.stepCost(node, to, before, direction, net);
      const nextState = to * 4 + d;
      if (cost >= costs[nextState]!) return;
      costs[nextState] = cost;
      cameFrom[nextState] = state;
      push(nextState);
    });
  }

  private trace(state: number, cameFrom: Int32Array): number[] {
    const nodes: number[] = [];
    for (let at = state; at >= 0; at = cameFrom[at]!) nodes.push(at >> 2);
    return nodes.reverse();
  }

  /** Marks a found way as used by this net. */
  lay(way: readonly number[], net: number): void {
    way.forEach((node, index) => {
      const before = way[index - 1];
      const after = way[index + 1];
      const steps = [before, after].filter((other): other is number => other !== undefined);
      for (const other of steps) {
        if (Math.abs(other - node) === 1) this.across[node] = net;
        else this.upright[node] = net;
      }
      const isStraight = before !== undefined && after !== undefined && after - node === node - before;
      if (!isStraight) this.corner[node] = net;
    });
  }
}
