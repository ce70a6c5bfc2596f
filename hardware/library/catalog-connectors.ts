/**
 * Connectors, switches, relays, test points and holes. See catalog-semiconductor.ts.
 */
import type { CatalogItem, SchematicSymbol } from '../model/part';
import { orderable } from './catalog-semiconductor';
import * as large from './footprints-large';
import { box, connector, jumpers } from './symbol-boxes';
import * as shapes from './symbol-shapes';

const PHOENIX = 'https://www.phoenixcontact.com/en-us/products/printed-circuit-board-terminals';
const TERMINAL_NUMBERS: Record<number, string> = { 2: '1715721', 3: '1715734', 4: '1715747', 7: '1715776' };

/** Screw terminals; the names are printed on the sheet and, shortened, on the board. */
export function terminals(name: string, pinNames: readonly string[]): CatalogItem {
  const ways = pinNames.length;
  return orderable({
    by: 'Phoenix Contact',
    mpn: TERMINAL_NUMBERS[ways]!,
    what: `screw terminal MKDS 1,5/${ways}-5,08`,
    symbol: connector(`Terminal_${name.replace(/ /g, '_')}`, pinNames),
    footprint: large.terminalBlock(ways),
    value: name,
    prices: [0.5 * ways, 0.3 * ways],
    alternative: `any 5.08 mm screw terminal, ${ways} ways (KF128, DG128)`,
    dataSheet: PHOENIX,
  });
}

const plain = (name: string, _columns: 1 | 2, pinNames: readonly string[]): SchematicSymbol =>
  connector(name, pinNames);

/** Pin headers; `columns` 2 counts 1, 2 in the first row. */
export function header(
  name: string,
  columns: 1 | 2,
  pinNames: readonly string[],
  isForJumpers = false,
): CatalogItem {
  const rows = pinNames.length / columns;
  return orderable({
    by: 'Harwin',
    mpn: `M20-${columns === 1 ? '999' : '998'}${String(rows).padStart(2, '0')}46`,
    what: `pin header ${columns} x ${rows} 2.54 mm`,
    symbol: (isForJumpers ? jumpers : plain)(`Header_${name.replace(/ /g, '_')}`, columns, pinNames),
    footprint: large.pinHeader(columns, rows),
    value: name,
    prices: [0.05 * pinNames.length, 0.02 * pinNames.length],
    dataSheet: 'https://www.harwin.com/products/M20',
  });
}

export const USB_C = orderable({
  by: 'Korean Hroparts',
  mpn: 'TYPE-C-31-M-12',
  what: 'USB-C receptacle 16 pins',
  lcsc: 'C165948',
  symbol: box(
    'USB_C',
    {
      right: [
        'A4 VBUS p',
        'A9 VBUS p',
        'B4 VBUS p',
        'B9 VBUS p',
        'A5 CC1 b',
        'B5 CC2 b',
        'A6 D+ b',
        'B6 D+ b',
        'A7 D- b',
        'B7 D- b',
        'A8 SBU1 b',
        'B8 SBU2 b',
      ],
      bottom: ['A1 GND p', 'A12 GND p', 'B1 GND p', 'B12 GND p', 'S1 SHIELD p'],
    },
    'Connector:USB_C_Receptacle_USB2.0_16P',
  ),
  footprint: large.USB_C,
  value: 'USB-C',
  prices: [0.3, 0.12],
  dataSheet: 'https://www.hroparts.com',
});
export const SIM_HOLDER = orderable({
  by: 'GCT',
  mpn: 'SIM8060-6-1-14-00-A',
  what: 'nano SIM holder with card switch',
  symbol: box(
    'NanoSIM',
    {
      left: ['1 VCC p', '2 RST p', '3 CLK p', '7 IO p', '6 VPP p', 'SW SW p'],
      right: ['5 GND p', 'SH SHELL p'],
    },
    'Connector:SIM_Card',
  ),
  footprint: large.NANO_SIM,
  value: 'nano SIM',
  prices: [1.1, 0.65],
  dataSheet: 'https://gct.co/connector/sim8060',
});
export const SMA = orderable({
  by: 'Amphenol RF',
  mpn: '132289',
  what: 'SMA socket, edge mount, 1.6 mm board',
  symbol: box('SMA', { left: ['1 SIG p'], bottom: ['2 GND p'] }),
  footprint: large.SMA_EDGE,
  value: 'GSM antenna',
  prices: [3.5, 1.6],
  alternative: 'any SMA edge socket for 1.6 mm boards',
  dataSheet: 'https://www.amphenolrf.com/132289.html',
});
export const BUTTON = orderable({
  by: 'XKB',
  mpn: 'TS-1187A-B-A-B',
  what: 'push button 5.1 x 5.1 mm',
  lcsc: 'C318884',
  symbol: shapes.SWITCH,
  footprint: large.BUTTON,
  value: 'button',
  prices: [0.05, 0.02],
  dataSheet: 'https://www.helloxkb.com',
});
export const RELAY = orderable({
  by: 'Hongfa',
  mpn: 'HF115F/005-1ZS1',
  what: 'relay 5 V coil, change-over 12 A 250 V, 5 kV coil to contact',
  symbol: shapes.RELAY_CHANGE_OVER,
  footprint: large.RELAY_HF115F,
  prices: [1.6, 0.85],
  alternative: 'Omron G2RL-1 DC5',
  dataSheet: 'https://www.hongfa.com/product/detail/hf115f',
});

function notBought(name: string, symbol: SchematicSymbol, footprint: CatalogItem['footprint']): CatalogItem {
  return {
    manufacturer: '',
    mpn: '',
    description: name,
    symbol,
    footprint,
    value: name,
    priceAt10: 0,
    priceAt1000: 0,
    dataSheet: '',
  };
}

export const TEST_POINT = notBought('test point', shapes.TEST_POINT, large.TEST_PAD);
/** Screwed to the case; its pad is ground. */
export const HOLE = notBought('M3', { ...shapes.TEST_POINT, name: 'MountingHole' }, large.MOUNTING_HOLE);
