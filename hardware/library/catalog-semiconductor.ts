/**
 * Diodes, transistors and chips that can be ordered. Pin numbers follow the makers' data sheets; those that
 * KiCad's library knows too are compared with it by check/library-check.ts. Prices: see catalog-passive.ts.
 */
import type { CatalogItem, Footprint, SchematicSymbol } from '../model/part';
import * as small from './footprints-small';
import { box } from './symbol-boxes';
import * as shapes from './symbol-shapes';

interface Line {
  readonly by: string;
  readonly mpn: string;
  readonly what: string;
  readonly symbol: SchematicSymbol;
  readonly footprint: Footprint;
  readonly value?: string;
  readonly prices: readonly [number, number];
  readonly lcsc?: string;
  readonly alternative?: string;
  readonly dataSheet: string;
}

export function orderable(line: Line): CatalogItem {
  return {
    manufacturer: line.by,
    mpn: line.mpn,
    description: line.what,
    symbol: line.symbol,
    footprint: line.footprint,
    value: line.value ?? line.mpn,
    priceAt10: line.prices[0],
    priceAt1000: line.prices[1],
    dataSheet: line.dataSheet,
    ...(line.lcsc ? { lcsc: line.lcsc } : {}),
    ...(line.alternative ? { alternative: line.alternative } : {}),
  };
}

const DIODES = 'https://www.diodes.com/datasheet/download/';

export const TVS_INPUT = orderable({
  by: 'Littelfuse',
  mpn: 'SMBJ36CA',
  what: 'suppressor 36 V both ways, clamps at 58.1 V, SMB',
  symbol: shapes.TVS_BOTH_WAYS,
  footprint: small.SMB_DIODE,
  prices: [0.35, 0.12],
  dataSheet: 'https://www.littelfuse.com/media?resourcetype=datasheets&itemid=smbj',
});
export const PFET_INPUT = orderable({
  by: 'Diodes',
  mpn: 'DMP10H400SE-13',
  what: 'P-channel MOSFET 100 V SOT-223',
  lcsc: 'C156277',
  symbol: shapes.PMOS_GDS,
  footprint: small.SOT223,
  prices: [0.45, 0.2],
  dataSheet: `${DIODES}DMP10H400SE.pdf`,
});
export const ZENER_12V = orderable({
  by: 'Diodes',
  mpn: 'BZT52C12-7-F',
  what: 'Zener diode 12 V 0.5 W SOD-123',
  symbol: shapes.ZENER,
  footprint: small.SOD123,
  value: '12V',
  prices: [0.06, 0.02],
  dataSheet: `${DIODES}BZT52C.pdf`,
});
export const ZENER_5V1 = orderable({
  by: 'onsemi',
  mpn: 'MMSZ5231BT1G',
  what: 'Zener diode 5.1 V 0.5 W SOD-123 (named by SIM800A guide, table 5)',
  symbol: shapes.ZENER,
  footprint: small.SOD123,
  value: '5.1V',
  prices: [0.06, 0.02],
  dataSheet: 'https://www.onsemi.com/pdf/datasheet/mmsz5221bt1-d.pdf',
});
export const SCHOTTKY_5A = orderable({
  by: 'Diodes',
  mpn: 'B560C-13-F',
  what: 'Schottky diode 60 V 5 A SMC',
  symbol: shapes.SCHOTTKY,
  footprint: small.SMC_DIODE,
  prices: [0.4, 0.17],
  dataSheet: `${DIODES}B520C-B560C.pdf`,
});
export const SCHOTTKY_1A_60V = orderable({
  by: 'Diodes',
  mpn: 'B160-13-F',
  what: 'Schottky diode 60 V 1 A SMA',
  symbol: shapes.SCHOTTKY,
  footprint: small.SMA_DIODE,
  prices: [0.25, 0.08],
  dataSheet: `${DIODES}B120-B160.pdf`,
});
export const SCHOTTKY_1A = orderable({
  by: 'Diodes',
  mpn: 'B5819W-7-F',
  what: 'Schottky diode 40 V 1 A SOD-123',
  symbol: shapes.SCHOTTKY,
  footprint: small.SOD123,
  prices: [0.12, 0.04],
  dataSheet: `${DIODES}B5817W-B5819W.pdf`,
});
export const DIODE_SMALL = orderable({
  by: 'Diodes',
  mpn: '1N4148W-7-F',
  what: 'diode 100 V 0.3 A SOD-123',
  symbol: shapes.DIODE,
  footprint: small.SOD123,
  value: '1N4148W',
  prices: [0.05, 0.01],
  lcsc: 'C81598',
  dataSheet: `${DIODES}1N4148W.pdf`,
});
const tvsPair = (value: string): SchematicSymbol =>
  box(value, { left: ['1 IO1 p', '2 IO2 p'], right: ['3 GND p', null] });
export const TVS_RS485 = orderable({
  by: 'Littelfuse',
  mpn: 'SM712-02HTG',
  what: 'suppressor -7/+12 V for RS-485 SOT-23',
  symbol: tvsPair('SM712'),
  footprint: small.SOT23,
  value: 'SM712',
  prices: [0.6, 0.25],
  lcsc: 'C169123',
  dataSheet: 'https://www.littelfuse.com/products/tvs-diode-arrays/general-purpose-esd-protection/sm712',
});
export const TVS_TTL = orderable({
  by: 'Nexperia',
  mpn: 'PESD5V0L2BT,215',
  what: 'ESD suppressor 5 V both ways, two lines, SOT-23',
  symbol: tvsPair('PESD5V0L2BT'),
  footprint: small.SOT23,
  value: 'PESD5V0L2BT',
  prices: [0.2, 0.06],
  dataSheet: 'https://assets.nexperia.com/documents/data-sheet/PESDXL2BT_SER.pdf',
});
export const ESD_ANTENNA = orderable({
  by: 'Murata',
  mpn: 'LXES15AAA1-153',
  what: 'ESD suppressor 0.05 pF 0402 (named by SIM800A guide, table 31)',
  symbol: shapes.TVS_BOTH_WAYS,
  footprint: small.C0402,
  prices: [0.2, 0.08],
  dataSheet: 'https://www.murata.com/en-us/products/emc/emifil/overview/lineup/esd',
});

const NFET_SHEET = 'https://www.onsemi.com/pdf/datasheet/bss138-d.pdf';
export const NFET_SMALL = orderable({
  by: 'onsemi',
  mpn: 'BSS138',
  what: 'N-channel MOSFET 50 V 0.2 A SOT-23',
  symbol: shapes.NMOS,
  footprint: small.SOT23,
  prices: [0.08, 0.03],
  dataSheet: NFET_SHEET,
});
export const NFET_COIL = orderable({
  by: 'Alpha & Omega',
  mpn: 'AO3400A',
  what: 'N-channel MOSFET 30 V 5.7 A SOT-23',
  symbol: shapes.NMOS,
  footprint: small.SOT23,
  prices: [0.12, 0.05],
  lcsc: 'C20917',
  dataSheet: 'https://www.aosmd.com/pdfs/datasheet/AO3400A.pdf',
});
export const PFET_COIL = orderable({
  by: 'Alpha & Omega',
  mpn: 'AO3401A',
  what: 'P-channel MOSFET 30 V 4 A SOT-23',
  symbol: shapes.PMOS,
  footprint: small.SOT23,
  prices: [0.12, 0.05],
  lcsc: 'C15127',
  dataSheet: 'https://www.aosmd.com/pdfs/datasheet/AO3401A.pdf',
});
export const OPTO = orderable({
  by: 'Everlight',
  mpn: 'EL357N(C)(TA)-G',
  what: 'optocoupler, CTR 200 to 400 %, 80 V, 3750 V SOP-4',
  symbol: shapes.OPTOCOUPLER,
  footprint: small.SOP4,
  value: 'EL357N-C',
  prices: [0.15, 0.06],
  lcsc: 'C29981',
  alternative: 'Lite-On LTV-357T-C',
  dataSheet: 'https://www.everlighteurope.com/EL357N-G',
});

function led(colour: string, mpn: string): CatalogItem {
  return orderable({
    by: 'Lite-On',
    mpn,
    what: `light emitting diode ${colour} 0603`,
    symbol: shapes.LED,
    footprint: small.LED0603,
    value: colour,
    prices: [0.08, 0.03],
    dataSheet: 'https://optoelectronics.liteon.com',
  });
}
export const LED_GREEN = led('green', 'LTST-C191KGKT');
export const LED_RED = led('red', 'LTST-C191KRKT');
export const LED_YELLOW = led('yellow', 'LTST-C191KSKT');
export const LED_BLUE = led('blue', 'LTST-C191TBKT');
