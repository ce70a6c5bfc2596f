/**
 * `npm run hardware:route`: lays the tracks and writes them to hardware/routed/tracks.json. Needed only after a
 * change of the circuit or the placement; the result is committed. Takes minutes, uses no network and no chance:
 * the same board gives the same tracks.
 */
import { writeFileSync } from 'node:fs';
import { TRACKS_FILE, tracksText, type Path, type Via } from '../board/copper';
import { coinslotCircuit } from '../circuit/circuit';
import { placeParts } from '../layout/placed';
import { command } from '../../scripts/command-line';
import { layerOf, pointAt, SORTS } from './grid';
import { jobsOf } from './jobs';
import { Negotiation, type Laid } from './negotiate';
import { Obstacles } from './obstacles';
import { stitches } from './stitching';

/** Straight stretches of one width on one layer, as paths. */
function pathsOf({ job, ways }: Laid): Path[] {
  const paths: Path[] = [];
  // Where another way of the net ends, a track ends too: KiCad joins tracks at their ends.
  const joints = new Set(ways.flatMap(({ nodes }) => [nodes[0]!, nodes[nodes.length - 1]!]));
  for (const { nodes, sorts } of ways) {
    let start = 0;
    for (let i = 1; i <= nodes.length; i++) {
      const isEnd = i === nodes.length || layerOf(nodes[i]!) !== layerOf(nodes[start]!);
      const isChange = !isEnd && sorts[i] !== sorts[i - 1];
      if (!isEnd && !isChange) continue;
      // A change of width keeps the common node in both stretches.
      const stretch = nodes.slice(start, isChange ? i + 1 : i);
      if (stretch.length > 1)
        paths.push(
          pathOf(
            job.net,
            stretch,
            joints,
            SORTS[Math.min(sorts[start]!, isChange ? sorts[i]! : sorts[start]!)]!.half,
          ),
        );
      start = i;
    }
  }
  return paths;
}

function pathOf(net: string, nodes: readonly number[], joints: ReadonlySet<number>, half: number): Path {
  const points = nodes.map(pointAt);
  const corners = points.filter((point, index) => {
    const before = points[index - 1];
    const after = points[index + 1];
    if (!before || !after || joints.has(nodes[index]!)) return true;
    const turn = (point.x - before.x) * (after.y - point.y) - (point.y - before.y) * (after.x - point.x);
    return Math.abs(turn) > 1e-9;
  });
  return { net, layer: layerOf(nodes[0]!) === 0 ? 'front' : 'back', width: 2 * half, points: corners };
}

function main(): void {
  command('hardware:route', 'lays the tracks; takes minutes').parse();
  const circuit = coinslotCircuit();
  const parts = placeParts(circuit);
  const numbers = new Map([...circuit.nets.keys()].map((net, index) => [net, index + 1]));
  const say = (line: string): void => console.log(line);
  const obstacles = new Obstacles(parts, numbers);
  const jobs = jobsOf(parts, numbers);
  say(`${jobs.length} nets, ${jobs.reduce((sum, job) => sum + job.pieces.length, 0)} pieces`);
  const laid = new Negotiation(jobs, obstacles, say).run();
  const paths = laid.flatMap(pathsOf);
  const vias: Via[] = laid.flatMap(({ job, vias: nodes }) =>
    nodes.map((node) => ({ net: job.net, at: pointAt(node) })),
  );
  const stitched = stitches(laid, obstacles, numbers.get('GND')!);
  writeFileSync(TRACKS_FILE, tracksText(paths, [...vias, ...stitched]));
  say(`${paths.length} paths, ${vias.length} vias, ${stitched.length} ground stitches`);
}

main();
