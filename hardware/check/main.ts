/**
 * `npm run hardware:check`: every check of the board, ours first, then KiCad's where KiCad 9 is installed. Its last
 * line is one JSON object; the exit code is 1 when anything was found, 0 also when KiCad is missing (then the
 * line says "skipped", and nothing that only KiCad can tell is claimed).
 */
import { join } from 'node:path';
import { command } from '../../scripts/command-line';
import { coinslotDesign, footprintsOf, generatedFiles, symbolsOf, type Design } from '../files';
import { differences } from '../make';
import { parseSexpr, childOf, childrenOf, textOf } from '../model/sexpr';
import { copperFaults, drillFaults, outlineFaults } from './fabrication';
import { readDrill, readGerber } from './gerber';
import { KicadProject, kicadVersion, violationText } from './kicad';
import { libraryCheck } from './library-check';
import { netDifferences, type NetList } from './nets';
import { joinedNets, plainChecks, type Check } from './plain';
import { readBoard, type ReadBoard } from './read-board';
import { readSchematic, sheetFilesOf, type ReadSchematic } from './read-schematic';

const KICAD_FOLDER = join(__dirname, '..', 'generated', 'kicad');
const SHOWN = 20;

/** What KiCad calls a file, and the layer in it. */
const GERBERS = { 'F.Cu': 'coinslot-F_Cu.gtl', 'B.Cu': 'coinslot-B_Cu.gbl' } as const;
const LAYERS = ['F.Cu', 'B.Cu', 'F.Mask', 'B.Mask', 'F.Paste', 'F.SilkS', 'Edge.Cuts'];

function show({ title, faults }: Check): number {
  console.log(
    `${faults.length === 0 ? 'ok     ' : 'FAULTS '} ${title}${faults.length ? `: ${faults.length}` : ''}`,
  );
  for (const fault of faults.slice(0, SHOWN)) console.log(`        ${fault}`);
  if (faults.length > SHOWN) console.log(`        and ${faults.length - SHOWN} more`);
  return faults.length;
}

/** KiCad's net list, in the form of ours; it lists unused pins as nets of one. */
function kicadNets(netlist: string): NetList {
  const nets = childrenOf(childOf(parseSexpr(netlist), 'nets'), 'net');
  return new Map(
    nets
      .map((net): [string, string[]] => [
        textOf(childOf(net, 'name')[1]),
        childrenOf(net, 'node').map(
          (node) => `${textOf(childOf(node, 'ref')[1])}.${textOf(childOf(node, 'pin')[1])}`,
        ),
      ])
      .filter(([name]) => !name.startsWith('unconnected-'))
      .map(([name, pins]) => [name, pins.sort()]),
  );
}

/** Every pour has at least one filled area in the file. */
function fillFaults(board: ReadBoard): string[] {
  const filled = new Set(
    board.shapes.filter((shape) => shape.kind === 'fill').map((shape) => `${shape.net} ${shape.layer}`),
  );
  return ['GND F.Cu', 'GND B.Cu'].filter((pour) => !filled.has(pour)).map((pour) => `${pour} is not filled`);
}

function fabricationFaults(project: KicadProject, board: ReadBoard): string[] {
  project.gerbers(LAYERS);
  project.drills();
  return [
    ...(['F.Cu', 'B.Cu'] as const).flatMap((layer) =>
      copperFaults(board, layer, readGerber(project.read(GERBERS[layer]))),
    ),
    ...outlineFaults(board, readGerber(project.read('coinslot-Edge_Cuts.gm1'))),
    ...drillFaults(board, true, readDrill(project.read('coinslot-PTH.drl'))),
    ...drillFaults(board, false, readDrill(project.read('coinslot-NPTH.drl'))),
  ];
}

interface KicadResult {
  readonly erc: number;
  readonly drc: number;
  readonly parity: number;
  readonly unconnected: number;
  /** Library, net list, fills and files for the fab. */
  readonly others: number;
}

function kicadChecks(design: Design, schematic: ReadSchematic, board: ReadBoard): KicadResult {
  const project = new KicadProject(KICAD_FOLDER);
  try {
    const erc = show({ title: 'KiCad: electrical rules', faults: project.erc().map(violationText) });
    const { violations, unconnected, parity } = project.drc();
    const texts = (title: string, found: typeof violations): number =>
      show({ title: `KiCad: ${title}`, faults: found.map(violationText) });
    const drc = texts('design rules', violations);
    const library = libraryCheck(symbolsOf(design), footprintsOf(design));
    const netlist = kicadNets(project.netlist());
    return {
      erc,
      drc,
      parity: texts('board against schematic', parity),
      unconnected: texts('unconnected', unconnected),
      others:
        show({
          title: `KiCad's libraries: ${library.symbols} symbols, ${library.footprints} footprints`,
          faults: library.faults,
        }) +
        show({
          title: "KiCad's net list",
          faults: [
            ...netDifferences('KiCad', netlist, 'schematic', schematic.nets),
            ...netDifferences('KiCad', netlist, 'board', joinedNets(board)),
          ],
        }) +
        show({ title: 'ground is filled', faults: fillFaults(board) }) +
        show({ title: 'Gerber and drill files, read back', faults: fabricationFaults(project, board) }),
    };
  } finally {
    project.remove();
  }
}

function main(): void {
  command('hardware:check', 'every check of the board, KiCad’s where KiCad 9 is installed').parse();
  const design = coinslotDesign();
  const files = generatedFiles(design);
  const text = (name: string): string => files.get(`kicad/${name}`)!;
  const board = readBoard(text('coinslot.kicad_pcb'));
  const sheets = sheetFilesOf(text('coinslot.kicad_sch'));
  const schematic = readSchematic([...sheets].map(([name, file]) => [name, text(file)] as const));
  const checks = plainChecks(design.circuit, schematic, board);
  const { changed, foreign } = differences(files);
  const stale = show({
    title: 'generated files are what the source makes',
    faults: [...changed, ...foreign],
  });
  const own = checks.reduce((sum, check) => sum + show(check), stale);
  const counts = { parts: design.circuit.parts.length, nets: design.circuit.nets.size };
  const version = kicadVersion();
  if (version === undefined) {
    console.log('skipped KiCad: no kicad-cli 9 on the PATH; electrical and design rules were not checked');
    console.log(JSON.stringify({ ...counts, own, kicad: 'skipped' }));
    process.exitCode = own === 0 ? 0 : 1;
    return;
  }
  const { erc, drc, parity, unconnected, others } = kicadChecks(design, schematic, board);
  console.log(
    JSON.stringify({ erc, drc, parity, unconnected, own: own + others, ...counts, kicad: version }),
  );
  process.exitCode = erc + drc + parity + unconnected + own + others === 0 ? 0 : 1;
}

main();
