/**
 * Modem: SIM800A with its supply buffer, start and reset transistors, level translators, SIM holder and antenna.
 * Source: SIM800A Hardware Design V1.02: supply 4.1 and figure 7, PWRKEY figure 10, RESET figure 15, levels
 * tables 9 and 34, SIM 4.9 and figure 32 (series resistors: 22 to 51 Ohm where the module has none built in; ours
 * do no harm beside built-in ones),
 * antenna figure 42 and table 31, pin table 4 (KBC1 is left alone, VRTC gets 4.7 uF).
 */
import * as chips from '../library/catalog-chips';
import * as connectors from '../library/catalog-connectors';
import * as passive from '../library/catalog-passive';
import * as semis from '../library/catalog-semiconductor';
import type { Connection } from '../model/part';
import { Sheet } from './sheet';

const { resistor } = passive;

/** Pins that the guide says to leave floating when unused. */
const UNUSED = [
  'RTS',
  'CTS',
  'DCD',
  'RI',
  'DTR',
  'MICP',
  'MICN',
  'SPKP',
  'SPKN',
  'KPLED',
  'ADC',
  'NC',
  'PWM1',
  'PWM2',
  'SDA',
  'SCL',
  'BT_ANT',
  'DISP_CLK',
  'DISP_DATA',
  'DISP_DC',
  'DISP_CS',
  'KBR4',
  'KBR3',
  'KBR2',
  'KBR1',
  'KBR0',
  'KBC4',
  'KBC3',
  'KBC2',
  'KBC1',
  'GPIO10',
  'GPIO11',
  'GPIO12',
];

function module(sheet: Sheet): void {
  sheet.frame('SIM800A', 96, 14, 188, 146);
  const unused: Record<string, Connection> = Object.fromEntries(UNUSED.map((name) => [name, null]));
  sheet.part('U9', chips.SIM800A, 140, 84, {
    ...unused,
    PWRKEY: 'PWRKEY',
    NRESET: 'NRESET',
    STATUS: 'STATUS',
    NETLIGHT: 'NETLIGHT',
    RXD: 'M_RXD',
    TXD: 'M_TXD',
    USB_VBUS: 'M_USB_VBUS',
    USB_DP: 'M_USB_DP',
    USB_DN: 'M_USB_DN',
    VBAT: 'VBAT',
    VDD_EXT: 'VDD_EXT',
    VRTC: 'VRTC',
    GSM_ANT: 'ANT_MODEM',
    SIM_VDD: 'SIM_VDD',
    SIM_DATA: 'M_SIM_DATA',
    SIM_CLK: 'M_SIM_CLK',
    SIM_RST: 'M_SIM_RST',
    SIM_DET: 'SIM_DET',
    GND: 'GND',
  });
  sheet.part('C50', passive.C_4U7, 170, 40, ['VRTC', 'GND']);
  sheet.wireReach('VRTC', 0);
  sheet.wireReach('M_USB_DN', 44);
  const points: [string, string, number][] = [
    ['TP8', 'M_USB_VBUS', 78],
    ['TP9', 'M_USB_DP', 86],
    ['TP10', 'M_USB_DN', 96],
  ];
  for (const [ref, net, y] of points) {
    sheet.part(ref, connectors.TEST_POINT, 102, y, [net], {
      turn: 90,
      isNoPurchase: true,
      value: net.slice(2),
    });
  }
}

function control(sheet: Sheet): void {
  sheet.frame('Start, reset, state: by transistors, never driven high', 10, 14, 92, 104);
  sheet.part('Q3', semis.NFET_SMALL, 48, 30, { G: 'MODEM_PWRKEY', D: 'PWRKEY', S: 'GND' });
  sheet.part('R50', resistor('100k'), 36, 34, ['MODEM_PWRKEY', 'GND']);
  sheet.label('MODEM_PWRKEY', 32, 30, 'left');
  sheet.part('Q4', semis.NFET_SMALL, 48, 50, { G: 'MODEM_RESET', D: 'NRESET', S: 'GND' });
  sheet.part('R51', resistor('100k'), 36, 54, ['MODEM_RESET', 'GND']);
  sheet.label('MODEM_RESET', 32, 50, 'left');
  sheet.part('R52', resistor('1k'), 66, 66, ['MODEM_STATUS', 'STATUS'], { turn: 90 });
  sheet.part('R53', resistor('100k'), 56, 70, ['MODEM_STATUS', 'GND']);
  sheet.label('MODEM_STATUS', 50, 66, 'left');
  sheet.part(
    'Q5',
    semis.NFET_SMALL,
    40,
    92,
    { G: 'NETLIGHT', D: 'LED_NET_K', S: 'GND' },
    { isMirrored: true },
  );
  sheet.part('R54', resistor('47k'), 54, 96, ['NETLIGHT', 'GND']);
  sheet.label('NETLIGHT', 66, 92, 'right');
  sheet.part('R55', resistor('680R'), 38, 74, ['+3V3', 'LED_NET_A']);
  sheet.part('D10', semis.LED_BLUE, 38, 82, ['LED_NET_K', 'LED_NET_A'], { turn: 180, value: 'NET blue' });
}

function levels(sheet: Sheet): void {
  sheet.frame('Levels 3.3 V / 2.8 V; both sides float while the modem is off', 10, 108, 92, 166);
  sheet.part('U10', chips.LEVEL_SHIFTER, 48, 122, {
    VCCA: '+3V3',
    A: 'MODEM_TX',
    DIR: '+3V3',
    VCCB: 'VDD_EXT',
    B: 'M_RXD',
    GND: 'GND',
  });
  sheet.part('R56', resistor('100k'), 28, 118, ['+3V3', 'MODEM_TX']);
  sheet.label('MODEM_TX', 24, 122, 'left');
  sheet.part('U11', chips.LEVEL_SHIFTER, 48, 142, {
    VCCA: '+3V3',
    A: 'MODEM_RX',
    DIR: 'GND',
    VCCB: 'VDD_EXT',
    B: 'M_TXD',
    GND: 'GND',
  });
  sheet.part('R57', resistor('100k'), 28, 138, ['+3V3', 'MODEM_RX']);
  sheet.label('MODEM_RX', 24, 142, 'left');
  ['C51', 'C52'].forEach((ref, index) => {
    sheet.part(ref, passive.C_100N, 20 + 10 * index, 158, ['+3V3', 'GND']);
  });
  ['C53', 'C54'].forEach((ref, index) => {
    sheet.part(ref, passive.C_100N, 66 + 10 * index, 158, ['VDD_EXT', 'GND']);
  });
  sheet.label('VDD_EXT', 58, 152, 'left');
}

function buffer(sheet: Sheet): void {
  sheet.frame('Supply buffer, close to pins 55 to 57', 194, 14, 300, 50);
  sheet.part('D11', semis.ZENER_5V1, 204, 32, ['VBAT', 'GND']);
  sheet.part('C55', passive.C_330U_POLYMER, 216, 32, ['VBAT', 'GND']);
  sheet.part('C56', passive.C_330U_POLYMER, 230, 32, ['VBAT', 'GND']);
  sheet.part('C57', passive.C_22U, 244, 32, ['VBAT', 'GND']);
  sheet.part('C58', passive.C_100N, 256, 32, ['VBAT', 'GND']);
  sheet.part('C59', passive.C_33P, 268, 32, ['VBAT', 'GND']);
  sheet.part('C60', passive.C_10P, 280, 32, ['VBAT', 'GND']);
  sheet.note(196, 46, '2 A for 577 us every 4.6 ms: calculations/burst.ts');
}

function antenna(sheet: Sheet): void {
  sheet.frame('Antenna: 50 Ohm, matching network open', 194, 54, 300, 88);
  sheet.part('C61', passive.C_MATCHING, 206, 68, ['ANT_MODEM', 'GND'], { isOpen: true });
  sheet.part('R58', passive.R_0_0402, 216, 64, ['ANT_MODEM', 'ANT'], { turn: 90 });
  sheet.part('C62', passive.C_MATCHING, 226, 68, ['ANT', 'GND'], { isOpen: true });
  sheet.part('D12', semis.ESD_ANTENNA, 240, 68, ['ANT', 'GND']);
  sheet.part('J4', connectors.SMA, 268, 68, { SIG: 'ANT', GND: 'GND' });
  sheet.wireReach('ANT_MODEM', 80);
}

function simCard(sheet: Sheet): void {
  sheet.frame('SIM', 194, 92, 300, 166);
  sheet.part('U13', chips.SIM_ESD, 238, 108, {
    1: 'SIM_DATA',
    3: 'SIM_CLK',
    4: 'SIM_RST',
    6: 'SIM_DET',
    VBUS: 'SIM_VDD',
    GND: 'GND',
  });
  sheet.part('R59', resistor('4.7k'), 264, 114, ['VDD_EXT', 'SIM_DET']);
  sheet.label('SIM_DET', 272, 120, 'right');
  ['DATA', 'CLK', 'RST'].forEach((line, index) => {
    const nets = [`M_SIM_${line}`, `SIM_${line}`];
    sheet.part(`R${60 + index}`, resistor('22R'), 216, 118 + 6 * index, nets, { turn: 90 });
    for (const net of nets) sheet.wireReach(net, 0);
  });
  sheet.part('C63', passive.C_100N, 204, 150, ['SIM_VDD', 'GND']);
  sheet.part('C64', passive.C_22P, 214, 150, ['SIM_RST', 'GND']);
  sheet.part('C65', passive.C_22P, 224, 150, ['SIM_CLK', 'GND']);
  sheet.part('C66', passive.C_22P, 234, 150, ['SIM_DATA', 'GND']);
  sheet.part('J5', connectors.SIM_HOLDER, 270, 138, {
    VCC: 'SIM_VDD',
    RST: 'SIM_RST',
    CLK: 'SIM_CLK',
    IO: 'SIM_DATA',
    VPP: null,
    SW: 'SIM_DET',
    GND: 'GND',
    SHELL: 'GND',
  });
}

export function modemSheet(): Sheet {
  const sheet = new Sheet('Modem', 'GSM modem, SIM, antenna', { width: 316, height: 204 });
  module(sheet);
  control(sheet);
  levels(sheet);
  buffer(sheet);
  antenna(sheet);
  simCard(sheet);
  return sheet;
}
