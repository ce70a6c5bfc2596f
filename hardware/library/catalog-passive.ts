/**
 * Resistors, capacitors, inductors and crystals that can be ordered: maker's number, package, price. Prices are
 * estimates in US dollars for one piece when ten or a thousand boards are built; README says how old they are.
 * Ratings that a calculation relies on stand in calculations/, with their sources. Invariant: a value names one
 * orderable part.
 */
import type { CatalogItem, Footprint, SchematicSymbol } from '../model/part';
import * as small from './footprints-small';
import * as shapes from './symbol-shapes';

const YAGEO = 'https://www.yageo.com/en/Product/Index/rchip';
const SAMSUNG = 'https://product.samsungsem.com/mlcc';
const MURATA = 'https://www.murata.com/en-us/products';

/** Yageo writes the unit's letter in place of the decimal point: 4.7k is 4K7, 33 is 33R. */
function yageoCode(value: string): string {
  const match = /^(\d+)(?:\.(\d+))?([RkM]?)$/.exec(value);
  if (!match) throw new Error(`resistor value ${value}`);
  return `${match[1]}${(match[3] || 'R').toUpperCase()}${match[2] ?? ''}`;
}

/** 1 %, 0603 (0.1 W, 75 V). Values as printed: `10k`, `4.7k`, `33R`. */
export function resistor(value: string): CatalogItem {
  return {
    manufacturer: 'Yageo',
    mpn: `RC0603FR-07${yageoCode(value)}L`,
    description: `resistor ${value} 1 % 0603`,
    symbol: shapes.RESISTOR,
    footprint: small.R0603,
    value,
    priceAt10: 0.01,
    priceAt1000: 0.002,
    dataSheet: YAGEO,
  };
}

/** 1 %, 1206 (0.25 W, 200 V): where a field voltage is dropped. */
export function resistor1206(value: string): CatalogItem {
  return {
    ...resistor(value),
    mpn: `RC1206FR-07${yageoCode(value)}L`,
    description: `resistor ${value} 1 % 1206`,
    footprint: small.R1206,
    priceAt10: 0.02,
    priceAt1000: 0.005,
  };
}

interface Line {
  readonly value: string;
  readonly mpn: string;
  readonly description: string;
  readonly footprint: Footprint;
  readonly prices: readonly [number, number];
  readonly lcsc?: string;
}

function item(manufacturer: string, dataSheet: string, symbol: SchematicSymbol, line: Line): CatalogItem {
  return {
    manufacturer,
    mpn: line.mpn,
    description: line.description,
    symbol,
    footprint: line.footprint,
    value: line.value,
    priceAt10: line.prices[0],
    priceAt1000: line.prices[1],
    dataSheet,
    ...(line.lcsc ? { lcsc: line.lcsc } : {}),
  };
}

function samsung(
  value: string,
  mpn: string,
  rating: string,
  footprint: Footprint,
  prices: readonly [number, number],
  lcsc?: string,
): CatalogItem {
  const description = `capacitor ${value} ${rating}`;
  const line: Line = { value, mpn, description, footprint, prices };
  return item('Samsung', SAMSUNG, shapes.CAPACITOR, lcsc ? { ...line, lcsc } : line);
}

const CHEAP = [0.02, 0.004] as const;

export const C_6P8 = samsung('6.8pF', 'CL10C6R8DB8NNNC', '50 V C0G 0603', small.C0603, CHEAP);
export const C_10P = samsung('10pF', 'CL10C100JB8NNNC', '50 V C0G 0603', small.C0603, CHEAP, 'C1634');
export const C_15P = samsung('15pF', 'CL10C150JB8NNNC', '50 V C0G 0603', small.C0603, CHEAP, 'C1644');
export const C_22P = samsung('22pF', 'CL10C220JB8NNNC', '50 V C0G 0603', small.C0603, CHEAP, 'C1653');
export const C_33P = samsung('33pF', 'CL10C330JB8NNNC', '50 V C0G 0603', small.C0603, CHEAP, 'C1663');
export const C_47P = samsung('47pF', 'CL10C470JB8NNNC', '50 V C0G 0603', small.C0603, CHEAP);
export const C_2N2 = samsung('2.2nF', 'CL10B222KB8NNNC', '50 V X7R 0603', small.C0603, CHEAP);
export const C_4N7 = samsung('4.7nF', 'CL10B472KB8NNNC', '50 V X7R 0603', small.C0603, CHEAP);
export const C_10N = samsung('10nF', 'CL10B103KB8NNNC', '50 V X7R 0603', small.C0603, CHEAP);
export const C_100N = samsung('100nF', 'CL10B104KB8NNNC', '50 V X7R 0603', small.C0603, CHEAP, 'C1591');
export const C_1U = samsung('1uF', 'CL10A105KB8NNNC', '50 V X5R 0603', small.C0603, CHEAP, 'C15849');
export const C_4U7 = samsung(
  '4.7uF',
  'CL10A475KO8NNNC',
  '16 V X5R 0603',
  small.C0603,
  [0.03, 0.008],
  'C19666',
);
export const C_10U = samsung('10uF', 'CL10A106KP8NNNC', '10 V X5R 0603', small.C0603, [0.03, 0.01], 'C19702');
export const C_22U = samsung('22uF', 'CL21A226MAQNNNE', '25 V X5R 0805', small.C0805, [0.06, 0.02], 'C45783');

export const C_100N_100V = item('Murata', MURATA, shapes.CAPACITOR, {
  value: '100nF 100V',
  mpn: 'GRM188R72A104KA35D',
  description: 'capacitor 100 nF 100 V X7R 0603',
  footprint: small.C0603,
  prices: [0.06, 0.02],
});
export const C_4U7_100V = item('Murata', MURATA, shapes.CAPACITOR, {
  value: '4.7uF 100V',
  mpn: 'GRM32DC72A475KE01L',
  description: 'capacitor 4.7 uF 100 V X7S 1210',
  footprint: small.C1210,
  prices: [0.6, 0.3],
});
export const C_47U = item('Murata', MURATA, shapes.CAPACITOR, {
  value: '47uF 10V',
  mpn: 'GRM32ER71A476KE15L',
  description: 'capacitor 47 uF 10 V X7R 1210',
  footprint: small.C1210,
  prices: [0.8, 0.35],
});
export const C_330U_POLYMER = item('Panasonic', 'https://industrial.panasonic.com', shapes.POLARIZED, {
  value: '330uF 6.3V',
  mpn: '6TPE330MAP',
  description: 'polymer tantalum capacitor 330 uF 6.3 V 25 mOhm 7343',
  footprint: small.POLYMER_7343,
  prices: [0.69, 0.35],
  lcsc: 'C79112',
});
export const C_100U_63V = item('Panasonic', 'https://industrial.panasonic.com', shapes.POLARIZED, {
  value: '100uF 63V',
  mpn: 'EEEFK1J101P',
  description: 'aluminium electrolytic capacitor 100 uF 63 V 10 x 10.2 mm',
  footprint: small.ELECTROLYTIC_10X10,
  prices: [0.7, 0.35],
});
/** Place for a matching part in the antenna line: the value comes from measuring the antenna. */
export const C_MATCHING = item('Murata', MURATA, shapes.CAPACITOR, {
  value: 'open',
  mpn: 'GJM1555C1H series',
  description: 'antenna matching, 0402, value by measurement',
  footprint: small.C0402,
  prices: [0.05, 0.01],
});
export const R_0_0402: CatalogItem = {
  ...resistor('0R'),
  mpn: 'RC0402JR-070RL',
  description: 'resistor 0 Ohm 0402',
  footprint: small.C0402,
};

export const FERRITE_SUPPLY = item('Murata', MURATA, shapes.FERRITE, {
  value: '270R 4.5A',
  mpn: 'BLM31KN271SN1L',
  description: 'ferrite bead 270 Ohm at 100 MHz 1206',
  footprint: small.R1206,
  prices: [0.15, 0.06],
  lcsc: 'C703115',
});
export const FERRITE_ANALOG = item('Murata', MURATA, shapes.FERRITE, {
  value: '600R',
  mpn: 'BLM18KG601SN1D',
  description: 'ferrite bead 600 Ohm at 100 MHz 0603',
  footprint: small.R0603,
  prices: [0.05, 0.02],
});
export const INDUCTOR_10U = item(
  'Bourns',
  'https://www.bourns.com/docs/Product-Datasheets/SRP1245A.pdf',
  shapes.INDUCTOR,
  {
    value: '10uH 9A',
    mpn: 'SRP1245A-100M',
    description: 'shielded inductor 10 uH 22.5 mOhm 13.5 x 12.5 mm',
    footprint: small.INDUCTOR_13X13,
    prices: [1.3, 0.75],
  },
);
export const INDUCTOR_33U = item(
  'Bourns',
  'https://www.bourns.com/docs/Product-Datasheets/SRN6045TA.pdf',
  shapes.INDUCTOR,
  {
    value: '33uH 1.8A',
    mpn: 'SRN6045TA-330M',
    description: 'semi-shielded inductor 33 uH 145 mOhm 6 x 6 mm',
    footprint: small.INDUCTOR_6X6,
    prices: [0.45, 0.22],
  },
);
export const FUSE_2A = item(
  'Littelfuse',
  'https://www.littelfuse.com/products/fuses/surface-mount-fuses/nano-2-fuses/452.aspx',
  shapes.FUSE,
  {
    value: '2A slow',
    mpn: '0452002.MRL',
    description: 'slow-blow fuse 2 A 125 V NANO2',
    footprint: small.FUSE_NANO2,
    prices: [0.9, 0.5],
  },
);
export const CRYSTAL_8M: CatalogItem = {
  ...item('Abracon', 'https://abracon.com/Resonators/abm3b.pdf', shapes.CRYSTAL_4, {
    value: '8MHz',
    mpn: 'ABM3B-8.000MHZ-10-1-U-T',
    description: 'crystal 8 MHz 10 pF 10 ppm 5.0 x 3.2 mm',
    footprint: small.CRYSTAL_5032,
    prices: [0.75, 0.4],
  }),
};
export const CRYSTAL_32K: CatalogItem = {
  ...item('Abracon', 'https://abracon.com/Resonators/ABS07-120-32.768kHz-T.pdf', shapes.CRYSTAL_2, {
    value: '32.768kHz',
    mpn: 'ABS07-120-32.768KHZ-T',
    description: 'crystal 32.768 kHz 6 pF 3.2 x 1.5 mm',
    footprint: small.CRYSTAL_3215,
    prices: [0.6, 0.35],
  }),
};
