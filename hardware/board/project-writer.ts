/**
 * KiCad's project around schematic and board: rules (KiCad's DRC reads them from `.kicad_pro` and `.kicad_dru`),
 * net classes, and tables that name the project's own libraries. Source of the rules: layout/rules.ts.
 * Invariant: what KiCad checks is what the fab asks for, or stricter.
 */

import {
  FAB,
  FIELD_TO_LOW_VOLTAGE,
  MAINS_TO_LOW_VOLTAGE,
  BETWEEN_RELAYS,
  MAINS_NETS,
  relayOf,
  NET_CLASSES,
  OURS,
} from '../layout/rules';
import { quoted, type Sexpr } from '../model/sexpr';
import { PROJECT } from '../schematic/sheet-writer';
import { LIBRARY_NAME } from '../schematic/symbol-writer';

/** Findings that KiCad makes of the design's kind, not of its quality; each with its reason. */
const SEVERITIES: Readonly<Record<string, string>> = {
  // The SMA socket and the USB receptacle stand over the edge, as they must.
  courtyards_overlap: 'error',
  silk_edge_clearance: 'error',
  silk_over_copper: 'error',
  silk_overlap: 'error',
  text_height: 'error',
  text_thickness: 'error',
  unconnected_items: 'error',
  clearance: 'error',
  track_width: 'error',
  annular_width: 'error',
  drill_out_of_range: 'error',
  hole_clearance: 'error',
  hole_to_hole: 'error',
  copper_edge_clearance: 'error',
  shorting_items: 'error',
  zones_intersect: 'error',
  isolated_copper: 'error',
  starved_thermal: 'error',
  solder_mask_bridge: 'error',
  lib_footprint_issues: 'error',
  lib_footprint_mismatch: 'error',
  missing_footprint: 'error',
  extra_footprint: 'error',
  net_conflict: 'error',
  footprint_symbol_mismatch: 'error',
  via_dangling: 'error',
  track_dangling: 'error',
  // Finds places where copper of one net touches itself beside a full connection; how wide the ways of the
  // supplies are is measured by check/power-width.ts.
  connection_width: 'ignore',
};

function boardSettings(): object {
  return {
    design_settings: {
      defaults: { zones: { min_clearance: OURS.zoneClearance } },
      rule_severities: SEVERITIES,
      rules: {
        max_error: 0.005,
        min_clearance: FAB.minClearance,
        min_connection: OURS.track,
        min_copper_edge_clearance: FAB.minCopperToEdge,
        min_groove_width: 0,
        min_hole_clearance: FAB.minCopperToHole,
        min_hole_to_hole: FAB.minHoleToHole,
        min_microvia_diameter: 0.2,
        min_microvia_drill: 0.1,
        min_resolved_spokes: 1,
        min_silk_clearance: 0,
        min_text_height: FAB.minSilkHeight,
        min_text_thickness: FAB.minSilkWidth,
        min_through_hole_diameter: FAB.minViaDrill,
        min_track_width: FAB.minTrack,
        min_via_annular_width: FAB.minAnnularRing,
        min_via_diameter: FAB.minViaDiameter,
        solder_mask_to_copper_clearance: 0,
        use_height_for_length_calcs: true,
      },
      meta: { version: 2 },
    },
    layer_presets: [],
    viewports: [],
  };
}

function netSettings(names: ReadonlyMap<string, string>): object {
  return {
    classes: NET_CLASSES.map((netClass, index) => ({
      name: netClass.name,
      clearance: netClass.clearance,
      track_width: netClass.track,
      via_diameter: OURS.viaDiameter,
      via_drill: OURS.viaDrill,
      diff_pair_gap: 0.2,
      diff_pair_width: 0.2,
      diff_pair_via_gap: 0.25,
      microvia_diameter: 0.3,
      microvia_drill: 0.1,
      bus_width: 12,
      wire_width: 6,
      line_style: 0,
      pcb_color: 'rgba(0, 0, 0, 0.000)',
      schematic_color: 'rgba(0, 0, 0, 0.000)',
      priority: netClass.name === 'Default' ? 2147483647 : index,
    })),
    meta: { version: 4 },
    net_colors: null,
    netclass_assignments: null,
    netclass_patterns: NET_CLASSES.flatMap((netClass) =>
      netClass.nets.map((net) => ({ netclass: netClass.name, pattern: names.get(net) ?? net })),
    ),
  };
}

/** The `.kicad_pro` file. */
export function projectFile(
  names: ReadonlyMap<string, string>,
  sheets: readonly (readonly [uuid: string, name: string])[],
): string {
  const project = {
    board: boardSettings(),
    boards: [],
    cvpcb: { equivalence_files: [] },
    erc: {
      erc_exclusions: [],
      meta: { version: 0 },
      rule_severities: {
        lib_symbol_mismatch: 'error',
        lib_symbol_issues: 'error',
        footprint_link_issues: 'error',
      },
    },
    libraries: { pinned_footprint_libs: [], pinned_symbol_libs: [] },
    meta: { filename: `${PROJECT}.kicad_pro`, version: 3 },
    net_settings: netSettings(names),
    pcbnew: { last_paths: {}, page_layout_descr_file: '' },
    schematic: { legacy_lib_dir: '', legacy_lib_list: [], meta: { version: 1 } },
    sheets,
    text_variables: {},
  };
  return `${JSON.stringify(project, null, 2)}\n`;
}

/** Distances that no net class can say: between two sides of an isolation. */
export function customRules(names: ReadonlyMap<string, string>): string {
  const isOneOf = (side: 'A' | 'B', relay: number): string =>
    MAINS_NETS.filter((net) => relayOf(net) === relay)
      .map((net) => `${side}.NetName == '${names.get(net)!}'`)
      .join(' || ');
  const rule = (name: string, millimetres: number, condition: string): string =>
    `(rule "${name}" (constraint clearance (min ${millimetres}mm)) (condition "${condition}"))`;
  return [
    '(version 1)',
    rule(
      'relay contacts to low voltage',
      MAINS_TO_LOW_VOLTAGE,
      `A.NetClass == 'Mains' && B.NetClass != 'Mains'`,
    ),
    rule('relay to relay', BETWEEN_RELAYS, `(${isOneOf('A', 1)}) && (${isOneOf('B', 2)})`),
    rule(
      'machine side to low voltage',
      FIELD_TO_LOW_VOLTAGE,
      `A.NetClass == 'Field' && B.NetClass != 'Field'`,
    ),
    // The socket stands on the board's edge: its pads reach it.
    `(rule "socket on the edge" (constraint edge_clearance (min -0.01mm)) (condition "A.memberOfFootprint('J4') || B.memberOfFootprint('J4')"))`,
    '',
  ].join('\n');
}

export function libraryTable(kind: 'sym' | 'fp'): Sexpr {
  const path = kind === 'sym' ? `${LIBRARY_NAME}.kicad_sym` : `${LIBRARY_NAME}.pretty`;
  return [
    `${kind}_lib_table`,
    ['version', 7],
    [
      'lib',
      ['name', quoted(LIBRARY_NAME)],
      ['type', quoted('KiCad')],
      ['uri', quoted(`\${KIPRJMOD}/${path}`)],
      ['options', quoted('')],
      ['descr', quoted('parts of the Coinslot payment module')],
    ],
  ];
}
