/**
 * Runs work in lanes: work of one lane (an order) one after the other, of different lanes side by side, up to a
 * limit. Work beyond the queue's size is refused, because whoever brings it has a job that comes again.
 * Invariant: a failed piece of work is reported and does not stop its lane.
 */

type Work = () => Promise<void>;

export class Lanes {
  private readonly waiting = new Map<string, Work[]>();
  private readonly ready: string[] = [];
  private running = 0;
  private queued = 0;
  private isStopped = false;
  private onIdle: () => void = () => undefined;

  constructor(
    private readonly maxRunning: number,
    private readonly maxQueued: number,
    private readonly onError: (error: unknown, lane: string) => void,
  ) {}

  /** Queues work; false when there is too much already, or when it is over. */
  add(lane: string, work: Work): boolean {
    if (this.isStopped || this.queued >= this.maxQueued) return false;
    this.queued += 1;
    const queue = this.waiting.get(lane);
    if (queue) {
      queue.push(work);
      return true;
    }
    this.waiting.set(lane, [work]);
    this.ready.push(lane);
    this.start();
    return true;
  }

  /** The same, told how it ended; at once, undone, when there is too much. */
  run(lane: string, work: Work): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.add(lane, () => work().then(resolve, reject))) resolve();
    });
  }

  /** Takes no more work, drops what waits (a job brings it again), and resolves when nothing runs. */
  async stop(): Promise<void> {
    this.isStopped = true;
    for (const lane of this.ready.splice(0)) this.waiting.delete(lane);
    if (this.running > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
  }

  get runningCount(): number {
    return this.running;
  }

  get waitingCount(): number {
    return this.queued - this.running;
  }

  private start(): void {
    while (this.running < this.maxRunning && this.ready.length > 0) {
      const lane = this.ready.shift()!;
      const work = this.waiting.get(lane)!.shift()!;
      this.running += 1;
      void this.execute(lane, work);
    }
  }

  private async execute(lane: string, work: Work): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.onError(error, lane);
    }
    this.running -= 1;
    this.queued -= 1;
    if (this.waiting.get(lane)!.length > 0 && !this.isStopped) this.ready.push(lane);
    else this.waiting.delete(lane);
    this.start();
    if (this.running === 0) this.onIdle();
  }
}
