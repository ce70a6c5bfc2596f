/**
 * Connectors, switches, the relay, the modem and what is not a part (holes, test points, fiducials). Sizes from
 * the makers' drawings; SIM800A: hardware design V1.02, chapter 3.3 (24 x 24 mm, 68 pads, pin 1 top left). The
 * guide's figure 4 gives the land pattern; where its drawing was not at hand, the pattern of SIMCom's 68-pad
 * outline (SIM900) was taken, see README "not verified". Lengths in millimetres.
 */
import type { Point } from '../model/geometry';
import type { Footprint, Pad } from '../model/part';
import { at, boxAbout, cornerSilk, quadPads, smd } from './footprint-shapes';

function hole(number: string, x: number, y: number, size: number, drill: number, isFirst = false): Pad {
  return {
    number,
    kind: 'through',
    shape: isFirst ? 'rect' : 'circle',
    at: at(x, y),
    width: size,
    height: size,
    drill,
  };
}

type Silk = Footprint['silk'];

function frame(x1: number, y1: number, x2: number, y2: number): Silk {
  const corners: Point[] = [at(x1, y1), at(x2, y1), at(x2, y2), at(x1, y2)];
  return corners.map((corner, index) => [corner, corners[(index + 1) % 4]!] as const);
}

/** Screw terminals with a pitch of 5.08 mm, wires enter from below (positive y). */
export function terminalBlock(ways: number): Footprint {
  const right = (ways - 1) * 5.08 + 2.54;
  return {
    name: `Terminal_5.08_1x0${ways}`,
    description: `screw terminal, ${ways} ways, pitch 5.08 mm (Phoenix MKDS 1,5/${ways}-5,08)`,
    pads: Array.from({ length: ways }, (_, index) =>
      hole(String(index + 1), index * 5.08, 0, 2.5, 1.3, index === 0),
    ),
    courtyard: { x1: -3.04, y1: -5.71, x2: right + 0.5, y2: 5.1 },
    body: { x1: -2.54, y1: -5.2, x2: right, y2: 4.6 },
    silk: frame(-2.6, -5.26, right + 0.06, 4.66),
    height: 10,
    isThroughHole: true,
    kicad: `TerminalBlock_Phoenix:TerminalBlock_Phoenix_MKDS-1,5-${ways}-5.08_1x0${ways}_P5.08mm_Horizontal`,
  };
}

/** Pin headers with a pitch of 2.54 mm; with two columns the odd pins are on the left. */
export function pinHeader(columns: 1 | 2, rows: number): Footprint {
  const pads = Array.from({ length: columns * rows }, (_, index) =>
    hole(
      String(index + 1),
      (index % columns) * 2.54,
      Math.floor(index / columns) * 2.54,
      1.7,
      1,
      index === 0,
    ),
  );
  const x2 = (columns - 1) * 2.54 + 1.27;
  const y2 = (rows - 1) * 2.54 + 1.27;
  const digits = String(rows).padStart(2, '0');
  return {
    name: `Header_${columns}x${digits}`,
    description: `pin header ${columns} x ${rows}, pitch 2.54 mm`,
    pads,
    courtyard: { x1: -1.77, y1: -1.77, x2: x2 + 0.5, y2: y2 + 0.5 },
    body: { x1: -1.27, y1: -1.27, x2, y2 },
    silk: frame(-1.33, -1.33, x2 + 0.06, y2 + 0.06),
    height: 8.5,
    isThroughHole: true,
    kicad: `Connector_PinHeader_2.54mm:PinHeader_${columns}x${digits}_P2.54mm_Vertical`,
  };
}

/** Coil at the top, contacts 16.5 mm and more below it. */
export const RELAY_HF115F: Footprint = {
  name: 'Relay_HF115F_1ZS1',
  description: 'relay, one change-over contact 12 A, 29 x 12.7 mm (Hongfa HF115F-1ZS1, Omron G2RL-1)',
  pads: [
    hole('A1', 0, 0, 2, 1.3, true),
    hole('A2', 7.5, 0, 2, 1.3),
    hole('12', 0, 16.5, 2.4, 1.3),
    hole('11', 7.5, 20, 2.4, 1.3),
    hole('14', 0, 23.5, 2.4, 1.3),
  ],
  courtyard: { x1: -2.75, y1: -2.55, x2: 10.25, y2: 26.75 },
  body: { x1: -2.5, y1: -2.3, x2: 10, y2: 26.5 },
  // Open below, where the names of the contacts are printed.
  silk: frame(-2.56, -2.36, 10.06, 26.56).filter((_, side) => side !== 2),
  height: 15.7,
  isThroughHole: true,
  kicad: 'Relay_THT:Relay_SPDT_Omron_G2RL-1',
};

function usbPads(): Pad[] {
  const wide: [string, number][] = [
    ['A1', -3.25],
    ['A4', -2.45],
    ['A9', 2.45],
    ['A12', 3.25],
    ['B1', 3.25],
    ['B4', 2.45],
    ['B9', -2.45],
    ['B12', -3.25],
  ];
  const narrow: [string, number][] = [
    ['A5', -1.25],
    ['A6', -0.25],
    ['A7', 0.25],
    ['A8', 1.25],
    ['B5', 1.75],
    ['B6', 0.75],
    ['B7', -0.75],
    ['B8', -1.75],
  ];
  const row =
    (width: number) =>
    ([number, x]: [string, number]): Pad => ({
      number,
      kind: 'smd',
      shape: 'rect',
      at: at(x, -4.045),
      width,
      height: 1.45,
    });
  const peg = (x: number): Pad => ({
    number: '',
    kind: 'hole',
    shape: 'circle',
    at: at(x, -2.6),
    width: 0.65,
    height: 0.65,
    drill: 0.65,
  });
  const shell = (x: number, y: number, height: number): Pad => ({
    number: 'S1',
    kind: 'through',
    shape: 'oval',
    at: at(x, y),
    width: 1,
    height,
    drill: [0.6, height - 0.4],
  });
  return [
    ...wide.map(row(0.6)),
    ...narrow.map(row(0.3)),
    peg(-2.89),
    peg(2.89),
    shell(-4.32, -3.13, 2.1),
    shell(-4.32, 1.05, 1.6),
    shell(4.32, -3.13, 2.1),
    shell(4.32, 1.05, 1.6),
  ];
}

/** Mouth at positive y, which overhangs the board's edge by 0.5 mm when that edge is at y = 3.15. */
export const USB_C: Footprint = {
  name: 'USB_C_TYPE-C-31-M-12',
  description: 'USB-C receptacle, 16 pins, USB 2.0 (Korean Hroparts TYPE-C-31-M-12)',
  pads: usbPads(),
  courtyard: { x1: -5.32, y1: -5.27, x2: 5.32, y2: 4.15 },
  body: { x1: -4.47, y1: -3.65, x2: 4.47, y2: 3.65 },
  silk: [
    [at(-4.7, -1.8), at(-4.7, 0)],
    [at(4.7, -1.8), at(4.7, 0)],
  ],
  height: 3.3,
  isThroughHole: false,
  kicad: 'Connector_USB:USB_C_Receptacle_HRO_TYPE-C-31-M-12',
};

/** Contacts at the top; the card goes in from below (positive y). SW is closed to the shell by a card. */
export const NANO_SIM: Footprint = {
  name: 'NanoSIM_GCT_SIM8060',
  description: 'nano SIM holder, push-pull, with card switch (GCT SIM8060-6-1-14-00)',
  pads: [
    ...(
      [
        ['1', -3.17],
        ['5', -1.9],
        ['2', -0.63],
        ['6', 0.64],
        ['3', 1.91],
        ['7', 3.18],
      ] as const
    ).map(([number, x]) => smd(number, x, -6.8, 0.9, 1.2)),
    smd('SH', -6.15, -2.7, 1.3, 1.8),
    smd('SH', 6.15, -2.7, 1.3, 1.8),
    smd('SH', 6.15, 6.1, 1.3, 1.8),
    smd('SW', -6.15, 6.1, 1.3, 1.8),
  ],
  courtyard: { x1: -7.3, y1: -7.9, x2: 7.3, y2: 7.5 },
  body: { x1: -5.85, y1: -7, x2: 5.85, y2: 7 },
  silk: [
    [at(-5.95, -1.4), at(-5.95, 4.8)],
    [at(5.95, -1.4), at(5.95, 4.8)],
  ],
  dot: at(-4.3, -7.2),
  height: 1.4,
  isThroughHole: false,
  kicad: 'Connector_Card:nanoSIM_GCT_SIM8060-6-1-14-00',
};

function smaGround(y: number, isBack: boolean): Pad {
  return {
    number: '2',
    kind: 'smd',
    shape: 'rect',
    at: at(0, y),
    width: 5.08,
    height: 1.5,
    isSolid: true,
    isBack,
  };
}

/** Stands on the board's edge, which is at x = 2.54; the thread points to positive x. */
export const SMA_EDGE: Footprint = {
  name: 'SMA_EdgeMount_132289',
  description: 'SMA socket for the board edge, 1.6 mm (Amphenol 132289)',
  pads: [
    { number: '1', kind: 'smd', shape: 'rect', at: at(0, 0), width: 5.08, height: 1.5, isSolid: true },
    smaGround(-4.25, false),
    smaGround(4.25, false),
    smaGround(-4.25, true),
    smaGround(4.25, true),
  ],
  courtyard: { x1: -3.04, y1: -5.58, x2: 14.47, y2: 5.58 },
  body: { x1: 2.54, y1: -4.8, x2: 13.97, y2: 4.8 },
  silk: [
    [at(-2.75, -5.2), at(-2.75, -3.2)],
    [at(-2.75, 3.2), at(-2.75, 5.2)],
  ],
  height: 6,
  isThroughHole: false,
  kicad: 'Connector_Coaxial:SMA_Amphenol_132289_EdgeMount',
};

export const BUTTON: Footprint = {
  name: 'SW_TS-1187A',
  description: 'push button 5.1 x 5.1 mm (XKB TS-1187A)',
  pads: [
    smd('1', -3, -1.875, 1, 0.75),
    smd('1', 3, -1.875, 1, 0.75),
    smd('2', -3, 1.875, 1, 0.75),
    smd('2', 3, 1.875, 1, 0.75),
  ],
  courtyard: { x1: -3.75, y1: -2.8, x2: 3.75, y2: 2.8 },
  body: boxAbout(5.1, 5.1),
  silk: [
    [at(-2.1, -2.66), at(2.1, -2.66)],
    [at(-2.1, 2.66), at(2.1, 2.66)],
  ],
  height: 1.5,
  isThroughHole: false,
  kicad: 'Button_Switch_SMD:SW_Push_1P1T_XKB_TS-1187A',
};

/** Points of a circle, for round keep-outs. */
function circle(centre: Point, radius: number, corners = 24): Point[] {
  return Array.from({ length: corners }, (_, index) => {
    const angle = (2 * Math.PI * index) / corners;
    return at(centre.x + radius * Math.cos(angle), centre.y + radius * Math.sin(angle));
  });
}

/**
 * Pin 1 is the topmost pad on the left, VBAT (55 to 57) and the antenna (60) are on top. Area A of the guide
 * stays free of copper (an antenna test pad of the module), area B free of vias (its test points).
 */
export const SIM800A_LAND: Footprint = {
  name: 'SIMCom_SIM800A',
  description: 'SIM800A GSM/GPRS modem, 24 x 24 x 3 mm, 68 pads, pitch 1 mm',
  pads: quadPads({
    pinsPerSide: 17,
    pitch: 1,
    pad: [1.6, 0.6],
    reach: 12,
    body: 24,
    courtyard: 26.1,
    height: 3,
    shape: 'oval',
  }),
  courtyard: boxAbout(26.1, 26.1),
  body: boxAbout(24, 24),
  silk: cornerSilk(12.12, 3.4),
  dot: at(-13.2, -9),
  keepouts: [
    { polygon: circle(at(-0.5, -8), 1), forbids: 'copper' },
    { polygon: [at(-7.3, -2.8), at(-1.7, -2.8), at(-1.7, 2.8), at(-7.3, 2.8)], forbids: 'vias' },
  ],
  height: 3,
  isThroughHole: false,
  kicad: 'RF_GSM:SIMCom_SIM900',
};

export const MOUNTING_HOLE: Footprint = {
  name: 'MountingHole_M3',
  description: 'mounting hole for M3, pad 6.4 mm',
  pads: [{ ...hole('1', 0, 0, 6.4, 3.2), isSolid: true }],
  courtyard: boxAbout(6.9, 6.9),
  body: boxAbout(6.4, 6.4),
  silk: [],
  height: 0,
  isThroughHole: true,
  kicad: 'MountingHole:MountingHole_3.2mm_M3_Pad',
};

export const TEST_PAD: Footprint = {
  name: 'TestPoint_1.5',
  description: 'test point, 1.5 mm',
  pads: [
    { number: '1', kind: 'smd', shape: 'circle', at: at(0, 0), width: 1.5, height: 1.5, hasNoPaste: true },
  ],
  courtyard: boxAbout(2.5, 2.5),
  body: boxAbout(1.5, 1.5),
  silk: [],
  height: 0,
  isThroughHole: false,
  kicad: 'TestPoint:TestPoint_Pad_D1.5mm',
};
