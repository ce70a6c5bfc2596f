/**
 * Host port: the maker's machine on TTL, RS-232 or RS-485. All three send; a jumper chooses which one is heard.
 * RS-485 turns round by itself (MAX13487E with RE high: no echo, no direction pin of the controller).
 * Sources: MAX13487E, SP3232E data sheets; docs/host-protocol.md (115200 baud).
 */
import * as chips from '../library/catalog-chips';
import * as connectors from '../library/catalog-connectors';
import * as passive from '../library/catalog-passive';
import * as semis from '../library/catalog-semiconductor';
import { Sheet } from './sheet';

const { resistor } = passive;

function choice(sheet: Sheet): void {
  sheet.frame('Which receiver is heard', 10, 14, 84, 62);
  sheet.part(
    'JP1',
    connectors.header('RX FROM', 2, ['TTL', 'RX', 'RS232', 'RX', 'RS485', 'RX'], true),
    32,
    36,
    ['RX_TTL', 'RX_CHOSEN', 'RX_RS232', 'RX_CHOSEN', 'RX_RS485', 'RX_CHOSEN'],
  );
  sheet.part('R70', resistor('1k'), 54, 34, ['RX_CHOSEN', 'HOST_RX'], { turn: 90 });
  sheet.part('R71', resistor('100k'), 62, 26, ['+3V3', 'HOST_RX']);
  sheet.label('HOST_RX', 68, 34, 'right');
  sheet.part('R72', resistor('100k'), 62, 50, ['+3V3', 'HOST_TX']);
  sheet.label('HOST_TX', 68, 54, 'right');
  sheet.wireReach('RX_TTL', 6);
  sheet.wireReach('RX_RS232', 6);
  sheet.wireReach('RX_RS485', 6);
}

function ttl(sheet: Sheet): void {
  sheet.frame('TTL 3.3 V (5 V machines too)', 90, 14, 164, 62);
  sheet.part('R73', resistor('100R'), 108, 28, ['HOST_TX', 'TTL_TXD'], { turn: 90 });
  sheet.label('HOST_TX', 102, 28, 'left');
  sheet.part('R74', resistor('1k'), 108, 42, ['RX_TTL', 'TTL_RXD'], { turn: 90 });
  sheet.label('RX_TTL', 102, 42, 'left');
  sheet.part('D13', semis.TVS_TTL, 132, 34, { IO1: 'TTL_TXD', IO2: 'TTL_RXD', GND: 'GND' });
}

function rs232(sheet: Sheet): void {
  sheet.frame('RS-232', 10, 66, 84, 124);
  sheet.part('U14', chips.RS232, 46, 92, {
    'C1+': 'C1P',
    'C1-': 'C1N',
    'C2+': 'C2P',
    'C2-': 'C2N',
    T1IN: 'HOST_TX',
    T2IN: 'GND',
    R1OUT: 'RX_RS232',
    R2OUT: null,
    VCC: '+3V3',
    'V+': 'V_PLUS',
    'V-': 'V_MINUS',
    GND: 'GND',
    T1OUT: 'RS232_TXD',
    T2OUT: null,
    R1IN: 'RS232_RXD',
    R2IN: null,
  });
  sheet.part('C70', passive.C_100N, 28, 82, ['C1P', 'C1N']);
  sheet.part('C71', passive.C_100N, 20, 88, ['C2P', 'C2N']);
  sheet.part('C72', passive.C_100N, 68, 82, ['V_PLUS', 'GND']);
  sheet.part('C73', passive.C_100N, 76, 90, ['V_MINUS', 'GND']);
  sheet.part('C74', passive.C_100N, 76, 76, ['+3V3', 'GND']);
}

function rs485(sheet: Sheet): void {
  sheet.frame('RS-485', 90, 66, 226, 124);
  sheet.part('U15', chips.RS485, 116, 88, {
    RO: 'RX_RS485',
    '~{RE}': '+5V',
    '~{SHDN}': '+5V',
    DI: 'HOST_TX',
    VCC: '+5V',
    A: 'RS485_A',
    B: 'RS485_B',
    GND: 'GND',
  });
  sheet.part('C75', passive.C_100N, 102, 112, ['+5V', 'GND']);
  sheet.part('R75', resistor('120R'), 146, 90, ['RS485_A', 'TERMINATION']);
  sheet.part('JP2', connectors.header('120R', 1, ['B', 'R'], true), 148, 114, ['RS485_B', 'TERMINATION']);
  sheet.wireReach('TERMINATION', 0);
  sheet.part('D14', semis.TVS_RS485, 176, 90, { IO1: 'RS485_A', IO2: 'RS485_B', GND: 'GND' });
}

function terminals(sheet: Sheet): void {
  sheet.frame('To the machine', 170, 14, 226, 62);
  const names = ['GND', 'TTL_TXD', 'TTL_RXD', 'RS232_TXD', 'RS232_RXD', 'RS485_A', 'RS485_B'];
  sheet.part('J6', connectors.terminals('HOST', names), 188, 38, names);
  for (const net of names.slice(1)) sheet.wireReach(net, 28);
  sheet.note(172, 58, 'TXD is what the board sends.');
}

export function hostSheet(): Sheet {
  const sheet = new Sheet('Host', 'Host port: TTL, RS-232, RS-485', { width: 240, height: 162 });
  choice(sheet);
  ttl(sheet);
  rs232(sheet);
  rs485(sheet);
  terminals(sheet);
  return sheet;
}
