/**
 * Supply: 9 to 36 V in, 4.0 V for the modem (and the switch that can cut it), 5 V for relays and transceivers,
 * 3.3 V for the controller. USB can take the place of the 5 V converter, so that the board talks on a bench
 * without its supply; the modem then stays off. Values are computed in calculations/supply.ts and
 * calculations/converter.ts. Sources: TPS54360B, LMR16006 and TPS22965 data sheets; SIM800A guide 4.1.
 */
import * as chips from '../library/catalog-chips';
import * as connectors from '../library/catalog-connectors';
import * as passive from '../library/catalog-passive';
import * as semis from '../library/catalog-semiconductor';
import { Sheet } from './sheet';

const { resistor } = passive;

function input(sheet: Sheet): void {
  sheet.frame('Input 9 to 36 V: fuse, suppressor, reverse polarity', 10, 14, 122, 58);
  sheet.part('J1', connectors.terminals('SUPPLY', ['VIN', 'GND']), 20, 32, ['VIN_RAW', 'GND']);
  sheet.part('F1', passive.FUSE_2A, 34, 30, ['VIN_RAW', 'VIN_FUSED'], { turn: 90 });
  sheet.part('D1', semis.TVS_INPUT, 42, 34, ['VIN_FUSED', 'GND']);
  sheet.part(
    'Q1',
    semis.PFET_INPUT,
    54,
    32,
    { D: 'VIN_FUSED', S: 'VIN', G: 'Q1_GATE' },
    { turn: 90, isMirrored: true },
  );
  sheet.part('D2', semis.ZENER_12V, 66, 34, ['VIN', 'Q1_GATE']);
  sheet.part('R1', resistor('100k'), 54, 42, ['Q1_GATE', 'GND']);
  sheet.part('C1', passive.C_100U_63V, 73, 34, ['VIN', 'GND']);
  sheet.part('C2', passive.C_4U7_100V, 84, 34, ['VIN', 'GND']);
  sheet.part('C3', passive.C_4U7_100V, 96, 34, ['VIN', 'GND']);
  sheet.part('C4', passive.C_100N_100V, 108, 34, ['VIN', 'GND']);
  sheet.flag('VIN', 66, 52);
  sheet.flag('GND', 74, 52);
  sheet.note(12, 56, 'Surge clamps at 58 V; everything on VIN stands 60 V or more.');
}

function modemConverter(sheet: Sheet): void {
  sheet.frame('4.0 V for the modem: 3.5 A converter, on above 8.4 V', 10, 62, 136, 128);
  sheet.part('U2', chips.BUCK_MODEM, 54, 90, {
    VIN: 'VIN',
    EN: 'EN_4V',
    'RT/CLK': 'RT',
    COMP: 'COMP',
    BOOT: 'BOOT_4V',
    SW: 'SW_4V',
    FB: 'FB_4V',
    GND: 'GND',
    PAD: 'GND',
  });
  sheet.part('R2', resistor('294k'), 22, 82, ['VIN', 'EN_4V']);
  sheet.part('R3', resistor('46.4k'), 22, 90, ['EN_4V', 'GND']);
  sheet.part('C5', passive.C_4U7_100V, 36, 78, ['VIN', 'GND']);
  sheet.part('R4', resistor('243k'), 36, 94, ['RT', 'GND']);
  sheet.part('R5', resistor('68k'), 44, 100, ['COMP', 'COMP_RC']);
  sheet.part('C6', passive.C_2N2, 44, 108, ['COMP_RC', 'GND']);
  sheet.part('C7', passive.C_47P, 30, 104, ['COMP', 'GND']);
  sheet.part('C8', passive.C_100N, 68, 84, ['BOOT_4V', 'SW_4V']);
  sheet.part('D3', semis.SCHOTTKY_5A, 74, 92, ['SW_4V', 'GND']);
  sheet.part('L1', passive.INDUCTOR_10U, 82, 86, ['SW_4V', '+4V0'], { turn: 90 });
  sheet.part('R6', resistor('40.2k'), 90, 96, ['+4V0', 'FB_4V']);
  sheet.part('R7', resistor('10k'), 90, 104, ['FB_4V', 'GND']);
  sheet.part('C9', passive.C_47U, 98, 92, ['+4V0', 'GND']);
  sheet.part('C10', passive.C_47U, 110, 92, ['+4V0', 'GND']);
  sheet.part('C11', passive.C_330U_POLYMER, 122, 92, ['+4V0', 'GND']);
  sheet.wireReach('FB_4V', 60);
  sheet.flag('+4V0', 100, 78);
  sheet.note(56, 116, '400 kHz; 0.8 V x (1 + 40.2k / 10k) = 4.02 V;', 'loop: calculations/converter.ts');
}

function modemSwitch(sheet: Sheet): void {
  sheet.frame('Switch of the modem supply: cut while MODEM_CUT is high', 142, 62, 240, 128);
  sheet.part('FB1', passive.FERRITE_SUPPLY, 152, 84, ['+4V0', 'MODEM_IN'], { turn: 90 });
  sheet.flag('MODEM_IN', 160, 78);
  sheet.part('C12', passive.C_1U, 164, 88, ['MODEM_IN', 'GND']);
  sheet.part('U5', chips.LOAD_SWITCH, 186, 90, {
    VIN: 'MODEM_IN',
    VBIAS: '+5V',
    ON: 'MODEM_ON',
    VOUT: 'VBAT',
    CT: 'CT_VBAT',
    GND: 'GND',
    PAD: 'GND',
  });
  sheet.part('C38', passive.C_100N, 176, 106, ['+5V', 'GND']);
  sheet.part('C13', passive.C_4N7, 206, 94, ['CT_VBAT', 'GND']);
  sheet.part('R8', resistor('100k'), 166, 98, ['+3V3', 'MODEM_ON']);
  sheet.part('Q2', semis.NFET_SMALL, 164, 112, { G: 'MODEM_CUT', D: 'MODEM_ON', S: 'GND' });
  sheet.part('R9', resistor('100k'), 158, 116, ['MODEM_CUT', 'GND']);
  sheet.label('MODEM_CUT', 156, 112, 'left');
  sheet.note(
    184,
    112,
    'Without a controller the modem is supplied, but off:',
    'only PWRKEY starts it. Discharge by U5: 225 Ohm.',
  );
}

function fiveVolts(sheet: Sheet): void {
  sheet.frame('5 V for relays, transceivers and the 3.3 V regulator', 10, 132, 136, 184);
  sheet.part('U3', chips.BUCK_5V, 54, 154, {
    VIN: 'VIN',
    '~{SHDN}': 'EN_5V',
    CB: 'BOOT_5V',
    SW: 'SW_5V',
    FB: 'FB_5V',
    GND: 'GND',
  });
  sheet.part('C14', passive.C_4U7_100V, 22, 154, ['VIN', 'GND']);
  sheet.part('R10', resistor('249k'), 34, 148, ['VIN', 'EN_5V']);
  sheet.part('R11', resistor('49.9k'), 34, 158, ['EN_5V', 'GND']);
  sheet.part('C15', passive.C_100N, 68, 150, ['BOOT_5V', 'SW_5V']);
  sheet.part('D4', semis.SCHOTTKY_1A_60V, 74, 158, ['SW_5V', 'GND']);
  sheet.part('L2', passive.INDUCTOR_33U, 82, 152, ['SW_5V', 'V_BUCK'], { turn: 90 });
  sheet.part('R12', resistor('60.4k'), 90, 158, ['V_BUCK', 'FB_5V']);
  sheet.part('R13', resistor('10k'), 90, 168, ['FB_5V', 'GND']);
  sheet.part('C16', passive.C_22U, 98, 158, ['V_BUCK', 'GND']);
  sheet.part('C17', passive.C_22U, 106, 158, ['V_BUCK', 'GND']);
  sheet.part('D5', semis.SCHOTTKY_1A, 114, 152, ['+5V', 'V_BUCK'], { turn: 270 });
  sheet.part('D6', semis.SCHOTTKY_1A, 114, 172, ['+5V', 'VBUS'], { turn: 270 });
  sheet.part('C18', passive.C_10U, 124, 158, ['+5V', 'GND']);
  sheet.flag('+5V', 124, 142);
  sheet.flag('VBUS', 102, 178);
  sheet.note(36, 180, '0.765 V x (1 + 60.4k / 10k) = 5.39 V, less one diode');
}

function threeVolts(sheet: Sheet): void {
  sheet.frame('3.3 V and its light', 142, 132, 240, 184);
  sheet.part('C19', passive.C_1U, 150, 158, ['+5V', 'GND']);
  sheet.part('U4', chips.LDO_3V3, 164, 154, { VIN: '+5V', EN: '+5V', VOUT: '+3V3', NC: null, GND: 'GND' });
  sheet.part('C20', passive.C_10U, 184, 156, ['+3V3', 'GND']);
  sheet.part('R14', resistor('1k'), 200, 152, ['+3V3', 'LED_POWER']);
  sheet.part('D7', semis.LED_GREEN, 200, 160, ['GND', 'LED_POWER'], { turn: 180 });
}

function measuring(sheet: Sheet): void {
  sheet.frame('Test points, fixing', 246, 62, 318, 128);
  const points: [string, string][] = [
    ['TP1', 'VIN'],
    ['TP2', '+5V'],
    ['TP3', '+4V0'],
    ['TP4', 'VBAT'],
    ['TP5', '+3V3'],
    ['TP6', 'GND'],
    ['TP7', 'GND'],
  ];
  points.forEach(([ref, net], index) => {
    sheet.part(ref, connectors.TEST_POINT, 254 + 8 * index, 78, [net], { isNoPurchase: true, value: net });
  });
  ['H1', 'H2', 'H3', 'H4'].forEach((ref, index) => {
    sheet.part(ref, connectors.HOLE, 254 + 10 * index, 102, ['GND'], { isNoPurchase: true });
  });
}

export function supplySheet(): Sheet {
  const sheet = new Sheet('Supply', 'Supply: 9 to 36 V in; 4.0 V, 5 V and 3.3 V', {
    width: 330,
    height: 222,
  });
  input(sheet);
  modemConverter(sheet);
  modemSwitch(sheet);
  fiveVolts(sheet);
  threeVolts(sheet);
  measuring(sheet);
  return sheet;
}
