/**
 * The surface-mount packages that the board uses, by their data sheets' land patterns. Shapes come from
 * footprint-shapes.ts; here are only sizes. Lengths in millimetres.
 */
import type { Footprint } from '../model/part';
import { boxAbout, chip, cornerSilk, exposedPad, gullWing, quadPads, at } from './footprint-shapes';

const all = (count: number): boolean[] => Array.from({ length: count }, () => true);

export const C0402 = chip('C_0402', 'capacitor or resistor 0402', {
  pad: [0.56, 0.62],
  x: 0.48,
  body: [1, 0.5],
  courtyard: [1.82, 0.92],
  height: 0.5,
  kicad: 'Capacitor_SMD:C_0402_1005Metric',
});
export const R0603 = chip('R_0603', 'resistor 0603', {
  pad: [0.8, 0.95],
  x: 0.825,
  body: [1.6, 0.825],
  courtyard: [2.96, 1.46],
  height: 0.45,
  kicad: 'Resistor_SMD:R_0603_1608Metric',
});
export const C0603 = chip('C_0603', 'capacitor 0603', {
  pad: [0.9, 0.95],
  x: 0.775,
  body: [1.6, 0.8],
  courtyard: [2.96, 1.46],
  height: 0.8,
  kicad: 'Capacitor_SMD:C_0603_1608Metric',
});
export const LED0603 = chip('LED_0603', 'light emitting diode 0603', {
  pad: [0.875, 0.95],
  x: 0.7875,
  body: [1.6, 0.8],
  courtyard: [2.96, 1.46],
  height: 0.7,
  hasBar: true,
  kicad: 'LED_SMD:LED_0603_1608Metric',
});
export const C0805 = chip('C_0805', 'capacitor 0805', {
  pad: [1, 1.45],
  x: 0.95,
  body: [2, 1.25],
  courtyard: [3.4, 1.96],
  height: 1.25,
  kicad: 'Capacitor_SMD:C_0805_2012Metric',
});
export const R1206 = chip('R_1206', 'resistor or ferrite bead 1206', {
  pad: [1.125, 1.75],
  x: 1.4625,
  body: [3.2, 1.6],
  courtyard: [4.56, 2.26],
  height: 1,
  kicad: 'Resistor_SMD:R_1206_3216Metric',
});
export const C1210 = chip('C_1210', 'capacitor 1210', {
  pad: [1.15, 2.7],
  x: 1.475,
  body: [3.2, 2.5],
  courtyard: [4.6, 3.2],
  height: 2.5,
  kicad: 'Capacitor_SMD:C_1210_3225Metric',
});
export const ELECTROLYTIC_10X10 = chip('CP_Elec_10x10', 'aluminium electrolytic 10 x 10.2 mm', {
  pad: [4, 2.5],
  x: 4,
  body: [10.3, 10.3],
  courtyard: [12.5, 10.8],
  height: 10.2,
  hasBar: true,
  kicad: 'Capacitor_SMD:CP_Elec_10x10',
});
export const POLYMER_7343 = chip('CP_7343', 'polymer tantalum 7343', {
  pad: [2.07, 2.59],
  x: 3.12,
  body: [7.3, 4.3],
  courtyard: [8.82, 4.8],
  height: 2.8,
  hasBar: true,
  kicad: 'Capacitor_Tantalum_SMD:CP_EIA-7343-31_Kemet-D',
});
export const SMA_DIODE = chip('D_SMA', 'diode SMA (DO-214AC)', {
  pad: [2.5, 1.8],
  x: 2,
  body: [4.6, 3],
  courtyard: [7, 3.5],
  height: 2.2,
  hasBar: true,
  kicad: 'Diode_SMD:D_SMA',
});
export const SMB_DIODE = chip('D_SMB', 'diode SMB (DO-214AA)', {
  pad: [2.5, 2.3],
  x: 2.15,
  body: [4.6, 4],
  courtyard: [7.3, 4.5],
  height: 2.3,
  silk: [0.7, 2.1],
  kicad: 'Diode_SMD:D_SMB',
});
export const SMC_DIODE = chip('D_SMC', 'diode SMC (DO-214AB)', {
  pad: [2.5, 3.3],
  x: 3.4,
  body: [7.1, 6.2],
  courtyard: [9.8, 6.7],
  height: 2.4,
  hasBar: true,
  kicad: 'Diode_SMD:D_SMC',
});
export const SOD123 = chip('D_SOD-123', 'diode SOD-123', {
  pad: [0.9, 1.2],
  x: 1.65,
  body: [2.8, 1.8],
  courtyard: [4.7, 2.3],
  height: 1.2,
  hasBar: true,
  kicad: 'Diode_SMD:D_SOD-123',
});
export const INDUCTOR_13X13 = chip('L_SRP1245A', 'shielded inductor Bourns SRP1245A', {
  pad: [3.1, 5],
  x: 5.55,
  body: [12.6, 12.5],
  courtyard: [14.7, 13],
  height: 4.5,
  silk: [6.2, 6.38],
  kicad: 'Inductor_SMD:L_Bourns_SRP1245A',
});
export const INDUCTOR_6X6 = chip('L_SRN6045TA', 'semi-shielded inductor Bourns SRN6045TA', {
  pad: [2.35, 5.1],
  x: 2.075,
  body: [6, 6],
  courtyard: [7, 6.5],
  height: 4.5,
  silk: [2.9, 3.12],
  kicad: 'Inductor_SMD:L_Bourns_SRN6045TA',
});
export const FUSE_NANO2 = chip('Fuse_NANO2', 'fuse Littelfuse NANO2 6.1 x 2.7 mm', {
  pad: [1.96, 3.15],
  x: 2.455,
  body: [6.1, 2.69],
  courtyard: [7.38, 3.66],
  height: 2.7,
  silk: [1.2, 1.5],
  kicad: 'Fuse:Fuse_Littelfuse-NANO2-451_453',
});
export const CRYSTAL_3215 = chip('Crystal_3215', 'crystal 3.2 x 1.5 mm', {
  pad: [1, 1.8],
  x: 1.25,
  body: [3.2, 1.5],
  courtyard: [4, 2.3],
  height: 0.9,
});

export const SOT23 = gullWing('SOT-23', 'SOT-23', {
  left: [true, true],
  right: [true],
  pitch: 1.9,
  pad: [1.475, 0.6],
  x: 0.9375,
  body: [1.3, 2.9],
  courtyard: [3.86, 3.4],
  height: 1.1,
  kicad: 'Package_TO_SOT_SMD:SOT-23',
});
export const SOT23_5 = gullWing('SOT-23-5', 'SOT-23-5', {
  left: [true, true, true],
  right: [true, false, true],
  pitch: 0.95,
  pad: [1.325, 0.6],
  x: 1.1375,
  body: [1.6, 2.9],
  courtyard: [4.1, 3.4],
  height: 1.45,
  kicad: 'Package_TO_SOT_SMD:SOT-23-5',
});
export const SOT23_6 = gullWing('SOT-23-6', 'SOT-23-6', {
  left: all(3),
  right: all(3),
  pitch: 0.95,
  pad: [1.325, 0.6],
  x: 1.1375,
  body: [1.6, 2.9],
  courtyard: [4.1, 3.4],
  height: 1.45,
  kicad: 'Package_TO_SOT_SMD:SOT-23-6',
});
export const SOP4 = gullWing('SOP-4', 'SOP-4, 2.54 mm pitch', {
  left: all(2),
  right: all(2),
  pitch: 2.54,
  pad: [2, 0.64],
  x: 3.15,
  body: [4.4, 3.6],
  courtyard: [8.8, 4.1],
  height: 2.1,
  kicad: 'Package_SO:SO-4_4.4x3.6mm_P2.54mm',
});
export const SOIC8 = gullWing('SOIC-8', 'SOIC-8, 3.9 mm body', {
  left: all(4),
  right: all(4),
  pitch: 1.27,
  pad: [1.95, 0.6],
  x: 2.475,
  body: [3.9, 4.9],
  courtyard: [7.4, 5.4],
  height: 1.75,
  kicad: 'Package_SO:SOIC-8_3.9x4.9mm_P1.27mm',
});
export const SOIC8_WIDE = gullWing('SOIC-8_208mil', 'SOIC-8, 5.3 mm body', {
  left: all(4),
  right: all(4),
  pitch: 1.27,
  pad: [1.625, 0.65],
  x: 3.5875,
  body: [5.3, 5.3],
  courtyard: [9.3, 5.8],
  height: 2.1,
  kicad: 'Package_SO:SOIC-8_5.3x5.3mm_P1.27mm',
});
export const SOIC16 = gullWing('SOIC-16', 'SOIC-16, 3.9 mm body', {
  left: all(8),
  right: all(8),
  pitch: 1.27,
  pad: [1.95, 0.6],
  x: 2.475,
  body: [3.9, 9.9],
  courtyard: [7.4, 10.4],
  height: 1.75,
  kicad: 'Package_SO:SOIC-16_3.9x9.9mm_P1.27mm',
});

const sot223 = gullWing('SOT-223', 'SOT-223, tab is pin 2', {
  left: all(3),
  right: [],
  pitch: 2.3,
  pad: [2, 1.5],
  x: 3.15,
  body: [3.7, 6.7],
  courtyard: [8.8, 7.2],
  height: 1.8,
  kicad: 'Package_TO_SOT_SMD:SOT-223-3_TabPin2',
});
export const SOT223: Footprint = {
  ...sot223,
  pads: [
    ...sot223.pads,
    { number: '2', kind: 'smd', shape: 'roundrect', at: at(3.15, 0), width: 2, height: 3.8 },
  ],
};

/** TI's DDA: heat pad 2.6 x 3.1 mm under the chip, soldered to a larger copper area with vias. */
const powerPad = exposedPad({
  number: '9',
  size: [2.95, 4.5],
  mask: [2.6, 3.1],
  windows: [2, 2, 1.1, 1.3],
  vias: [2, 4, 1.2, 1.2],
});
const soPowerPad = gullWing('SO-8_PowerPAD', 'TI SO PowerPAD (DDA), 8 pins', {
  left: all(4),
  right: all(4),
  pitch: 1.27,
  pad: [1.55, 0.6],
  x: 2.7,
  body: [3.9, 4.9],
  courtyard: [7.5, 5.5],
  height: 1.7,
  kicad: 'Package_SO:TI_SO-PowerPAD-8_ThermalVias',
});
export const SO_POWERPAD: Footprint = {
  ...soPowerPad,
  pads: [...soPowerPad.pads, ...powerPad.pads],
  pasteWindows: powerPad.pasteWindows,
  maskWindows: powerPad.maskWindows,
};

const wsonPad = exposedPad({
  number: '9',
  size: [0.9, 1.6],
  windows: [1, 2, 0.75, 0.65],
  vias: [1, 2, 0, 1],
});
const wson = gullWing('WSON-8_2x2', 'TI WSON-8 (DSG), 2 x 2 mm', {
  left: all(4),
  right: all(4),
  pitch: 0.5,
  pad: [0.5, 0.25],
  x: 0.95,
  body: [2, 2],
  courtyard: [3.2, 2.5],
  height: 0.8,
  kicad: 'Package_SON:WSON-8-1EP_2x2mm_P0.5mm_EP0.9x1.6mm',
});
export const WSON8: Footprint = {
  ...wson,
  pads: [...wson.pads, ...wsonPad.pads],
  pasteWindows: wsonPad.pasteWindows,
};

const qfnPad = exposedPad({
  number: '49',
  size: [5.6, 5.6],
  windows: [4, 4, 1.13, 1.13],
  vias: [3, 3, 1.6, 1.6],
});
export const QFN48: Footprint = {
  name: 'UFQFPN-48_7x7',
  description: 'UFQFPN-48, 7 x 7 mm, 0.5 mm pitch, heat pad 5.6 mm',
  pads: [
    ...quadPads({
      pinsPerSide: 12,
      pitch: 0.5,
      pad: [0.875, 0.25],
      reach: 3.4375,
      body: 7,
      courtyard: 8.26,
      height: 0.6,
      shape: 'roundrect',
    }),
    ...qfnPad.pads,
  ],
  pasteWindows: qfnPad.pasteWindows,
  courtyard: boxAbout(8.26, 8.26),
  body: boxAbout(7, 7),
  silk: cornerSilk(3.62, 0.5),
  dot: at(-4.3, -3.3),
  height: 0.6,
  isThroughHole: false,
  kicad: 'Package_DFN_QFN:QFN-48-1EP_7x7mm_P0.5mm_EP5.6x5.6mm',
};

/** Four pads, numbered counter-clockwise from the bottom left, the can on 2 and 4. */
export const CRYSTAL_5032: Footprint = {
  name: 'Crystal_5032-4',
  description: 'crystal 5.0 x 3.2 mm, four pads (Abracon ABM3B)',
  pads: (
    [
      ['1', -2, 1.2],
      ['2', 2, 1.2],
      ['3', 2, -1.2],
      ['4', -2, -1.2],
    ] as const
  ).map(([number, x, y]) => ({
    number,
    kind: 'smd',
    shape: 'roundrect',
    at: at(x, y),
    width: 1.8,
    height: 1.2,
  })),
  courtyard: boxAbout(6.3, 4.2),
  body: boxAbout(5, 3.2),
  silk: [
    [at(-3.05, 0.4), at(-3.05, 2)],
    [at(-3.05, 2), at(0, 2)],
  ],
  height: 1.2,
  isThroughHole: false,
  kicad: 'Crystal:Crystal_SMD_Abracon_ABM3B-4Pin_5.0x3.2mm',
};
