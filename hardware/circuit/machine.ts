/**
 * Machine side: two relays, one isolated pulse output, one isolated input. A relay moves only if three things
 * hold at once: its pin is driven high, NRST is high (the supervisor lets the coils' supply through), and +5V is
 * there. At reset and while the controller has no program all pins float and the pull-downs keep the coils off.
 * Sources: HF115F, AO3400A, AO3401A, EL357N data sheets; calculations/relay.ts and calculations/isolation.ts.
 */
import * as connectors from '../library/catalog-connectors';
import * as passive from '../library/catalog-passive';
import * as semis from '../library/catalog-semiconductor';
import { Sheet } from './sheet';

const { resistor, resistor1206 } = passive;

function coilSupply(sheet: Sheet): void {
  sheet.frame('Supply of the coils: only while NRST is high', 10, 14, 74, 76);
  sheet.part('Q6', semis.PFET_COIL, 48, 30, { G: 'COIL_GATE', S: '+5V', D: '+5V_COIL' });
  sheet.part('R80', resistor('10k'), 36, 26, ['+5V', 'COIL_GATE']);
  sheet.part('Q7', semis.NFET_SMALL, 34, 46, { G: 'COIL_ENABLE', D: 'COIL_GATE', S: 'GND' });
  sheet.part('R81', resistor('10k'), 22, 46, ['NRST', 'COIL_ENABLE'], { turn: 90 });
  sheet.label('NRST', 18, 50, 'down');
  sheet.part('C80', passive.C_10U, 62, 46, ['+5V_COIL', 'GND']);
  sheet.label('+5V_COIL', 64, 40, 'right');
}

function relay(sheet: Sheet, index: 1 | 2, x: number): void {
  const net = (name: string): string => `${name}${index}`;
  const ref = (prefix: string, first: number): string => `${prefix}${first + 10 * (index - 1)}`;
  sheet.frame(`Relay ${index}: change-over, 5 A 250 V~`, x, 14, x + 76, 76);
  sheet.part(`K${index}`, connectors.RELAY, x + 44, 34, {
    A1: '+5V_COIL',
    A2: net('COIL'),
    11: net('COM'),
    12: net('NC'),
    14: net('NO'),
  });
  sheet.part(ref('D', 20), semis.DIODE_SMALL, x + 28, 36, ['+5V_COIL', net('COIL')]);
  sheet.part(ref('R', 82), resistor('1k'), x + 16, 30, ['+5V_COIL', net('COIL_LED')]);
  sheet.part(ref('D', 21), semis.LED_YELLOW, x + 16, 38, [net('COIL'), net('COIL_LED')], {
    turn: 180,
    value: `RELAY ${index}`,
  });
  sheet.part(ref('Q', 8), semis.NFET_COIL, x + 28, 54, { G: net('RELAY'), D: net('COIL'), S: 'GND' });
  sheet.part(ref('R', 83), resistor('10k'), x + 14, 60, [net('RELAY'), 'GND']);
  sheet.label(net('RELAY'), x + 10, 54, 'left');
  sheet.label('+5V_COIL', x + 14, 22, 'left');
  sheet.part(
    `J${6 + index}`,
    connectors.terminals(`RELAY ${index}`, ['NC', 'NO', 'COM']),
    x + 66,
    56,
    [net('NC'), net('NO'), net('COM')],
    { isMirrored: true },
  );
}

function pulse(sheet: Sheet): void {
  sheet.frame('Coin pulse, isolated: open collector, 24 V, 8 mA', 10, 82, 118, 146);
  sheet.part('JP3', connectors.header('PULSE FROM', 1, ['RELAY1', 'LED', 'PULSE'], true), 24, 104, [
    'RELAY1',
    'PULSE_DRIVE',
    'PULSE',
  ]);
  sheet.part('R84', resistor('220R'), 50, 104, ['PULSE_DRIVE', 'PULSE_A'], { turn: 90 });
  sheet.part('R85', resistor('10k'), 44, 116, ['PULSE', 'GND']);
  sheet.label('PULSE', 48, 110, 'right');
  sheet.part('U16', semis.OPTO, 74, 106, { A: 'PULSE_A', K: 'GND', C: 'PULSE_C', E: 'PULSE_E' });
  sheet.part('D16', semis.DIODE_SMALL, 92, 106, ['PULSE_C', 'PULSE_E']);
  sheet.label('PULSE_C', 102, 104, 'right');
  sheet.label('PULSE_E', 102, 108, 'right');
  sheet.note(12, 142, 'Jumper RELAY1: the pulses of relay 1; jumper PULSE: its own pin.');
}

function input(sheet: Sheet): void {
  sheet.frame('Input of the machine ("done", "failed"), isolated: 5 to 30 V', 124, 82, 232, 146);
  sheet.part('R86', resistor1206('4.7k'), 146, 104, ['IN_P', 'IN_A'], { turn: 90 });
  sheet.part('D17', semis.DIODE_SMALL, 154, 106, ['IN_A', 'IN_N']);
  sheet.part('U17', semis.OPTO, 178, 106, { A: 'IN_A', K: 'IN_N', C: 'MACHINE_INPUT', E: 'GND' });
  sheet.part('R87', resistor('22k'), 192, 98, ['+3V3', 'MACHINE_INPUT']);
  sheet.part('C81', passive.C_10N, 202, 108, ['MACHINE_INPUT', 'GND']);
  sheet.label('MACHINE_INPUT', 210, 104, 'right');
  sheet.wireReach('IN_P', 0);
  sheet.wireReach('IN_N', 16);
  const names = ['PULSE_C', 'PULSE_E', 'IN_P', 'IN_N'];
  sheet.part('J9', connectors.terminals('MACHINE', names), 136, 130, names);
}

export function machineSheet(): Sheet {
  const sheet = new Sheet('Machine', 'Relays, pulse output, input', { width: 262, height: 186 });
  coilSupply(sheet);
  relay(sheet, 1, 86);
  relay(sheet, 2, 174);
  pulse(sheet);
  input(sheet);
  return sheet;
}
