/**
 * Where the time of a thread goes, by part of the project: V8's sampling profiler, each sample given to the
 * innermost function that is ours. Time in Node's own library counts for whoever called it.
 */
import { Session, type Profiler } from 'node:inspector';

const SAMPLE_US = 500;
/** What the profiler calls time in which nothing of ours runs. */
const OWN_ENTRIES: Readonly<Record<string, string>> = {
  '(garbage collector)': 'garbage collection',
  '(idle)': 'waiting',
  '(program)': 'V8 itself',
};
const BUNDLE = 'firmware bundle';

export class Profile {
  private session: Session | undefined;

  /** `sections`: first line of each source file in the code of this thread. */
  constructor(private readonly sections: readonly (readonly [number, string])[]) {}

  async start(): Promise<void> {
    this.session = new Session();
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
    this.session.post('Profiler.start');
  }

  /** Milliseconds by part. */
  async stop(): Promise<Record<string, number>> {
    const { session } = this;
    if (!session) return {};
    const profile = await new Promise<Profiler.Profile>((resolve, reject) =>
      session.post('Profiler.stop', (error, result) => (error ? reject(error) : resolve(result.profile))),
    );
    session.disconnect();
    this.session = undefined;
    return this.sum(profile);
  }

  private sum({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Record<string, number> {
    const parts = new Map<number, string>();
    // A node stands behind its parent: what is not ours is its caller's.
    const visit = (id: number, caller: string): void => {
      const node = byId.get(id)!;
      const part = this.partOf(node.callFrame) ?? caller;
      parts.set(id, part);
      for (const child of node.children ?? []) visit(child, part);
    };
    const byId = new Map(nodes.map((node) => [node.id, node]));
    visit(nodes[0]!.id, 'Node');
    const sums: Record<string, number> = {};
    samples.forEach((id, index) => {
      const part = parts.get(id)!;
      sums[part] = (sums[part] ?? 0) + (timeDeltas[index] ?? 0) / 1000;
    });
    return sums;
  }

  private partOf({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string | undefined {
    if (Object.hasOwn(OWN_ENTRIES, functionName)) return OWN_ENTRIES[functionName];
    if (url.endsWith('.js') && !url.includes(':')) return BUNDLE;
    if (!url.includes('[worker eval]')) return undefined;
    let file: string | undefined;
    for (const [line, name] of this.sections) if (line <= lineNumber + 1) file = name;
    return file?.split('/').slice(0, 2).join('/');
  }
}
