/**
 * Controller: STM32F411 wired as the stock Espruino WiFi build expects it (boards/ESPRUINOWIFI.py of Espruino:
 * LEDs on B2 and B12, button on C13 to 3.3 V, USB on A11/A12 with its supply sensed on A9, crystals on H0/H1 and
 * C14/C15), FRAM and a place for NOR flash, supervisor with watchdog, USB-C, SWD. Pins: layout/firmware-pins.ts.
 * Sources: STM32F411 data sheet (DS10314), AN4488, TPS3828 data sheet.
 */
import * as chips from '../library/catalog-chips';
import * as connectors from '../library/catalog-connectors';
import * as passive from '../library/catalog-passive';
import * as semis from '../library/catalog-semiconductor';
import { Sheet } from './sheet';

const { resistor } = passive;

function controller(sheet: Sheet): void {
  sheet.frame('STM32F411 with Espruino (Espruino WiFi pins)', 86, 14, 166, 128);
  sheet.part('U1', chips.MCU, 124, 82, {
    NRST: 'NRST',
    BOOT0: 'BOOT0',
    PH0: 'OSC_IN',
    PH1: 'OSC_OUT',
    PC14: 'RTC_IN',
    PC15: 'RTC_OUT',
    PC13: 'BUTTON',
    PA0: 'RELAY1',
    PA1: 'RELAY2',
    PA2: 'MODEM_TX',
    PA3: 'MODEM_RX',
    PA4: 'FRAM_CS',
    PA5: 'SPI_SCK',
    PA6: 'SPI_MISO',
    PA7: 'SPI_MOSI',
    PA8: 'PULSE',
    PA9: 'USB_SENSE',
    PA10: null,
    VCAP1: 'VCAP',
    PA11: 'USB_DM',
    PA12: 'USB_DP',
    PA13: 'SWDIO',
    PA14: 'SWCLK',
    PA15: null,
    PB0: 'MACHINE_INPUT',
    PB1: 'WATCHDOG',
    PB2: 'LED_READY',
    PB3: null,
    PB4: null,
    PB5: null,
    PB6: 'HOST_TX',
    PB7: 'HOST_RX',
    PB8: 'NOR_CS',
    PB9: null,
    PB10: 'MODEM_STATUS',
    PB12: 'LED_FAULT',
    PB13: 'MODEM_PWRKEY',
    PB14: 'MODEM_RESET',
    PB15: 'MODEM_CUT',
    VBAT: '+3V3',
    VDD: '+3V3',
    VDDA: 'VDDA',
    VSSA: 'GND',
    VSS: 'GND',
    PAD: 'GND',
  });
  ['C21', 'C22', 'C23', 'C24'].forEach((ref, index) => {
    sheet.part(ref, passive.C_100N, 92 + 7 * index, 30, ['+3V3', 'GND']);
  });
  sheet.part('C25', passive.C_10U, 120, 30, ['+3V3', 'GND']);
  sheet.part('FB2', passive.FERRITE_ANALOG, 134, 24, ['+3V3', 'VDDA'], { turn: 90 });
  sheet.part('C26', passive.C_1U, 142, 30, ['VDDA', 'GND']);
  sheet.part('C27', passive.C_100N, 152, 30, ['VDDA', 'GND']);
  sheet.flag('VDDA', 158, 24);
  sheet.part('C28', passive.C_4U7, 152, 60, ['VCAP', 'GND']);
}

function reset(sheet: Sheet): void {
  sheet.frame('Supervisor and watchdog: NRST low drops the relays', 10, 14, 82, 58);
  sheet.part('U6', chips.SUPERVISOR, 42, 34, {
    '~{MR}': '+3V3',
    WDI: 'WDI',
    '~{RESET}': 'NRST',
    VDD: '+3V3',
    GND: 'GND',
  });
  sheet.part('R20', resistor('1k'), 22, 38, ['WATCHDOG', 'WDI'], { turn: 90 });
  sheet.label('WATCHDOG', 18, 46, 'right');
  sheet.part('C29', passive.C_100N, 20, 24, ['+3V3', 'GND']);
  sheet.part('R21', resistor('10k'), 56, 26, ['+3V3', 'NRST']);
  sheet.part('C30', passive.C_100N, 62, 38, ['NRST', 'GND']);
  sheet.part('SW2', connectors.BUTTON, 70, 40, ['NRST', 'GND'], { turn: 270, value: 'RESET' });
  sheet.label('NRST', 76, 32, 'right');
  sheet.note(12, 54, 'WDI open (firmware not up yet): watchdog off. Once kicked: 0.9 to 2.5 s.');
}

function clocks(sheet: Sheet): void {
  sheet.frame('Crystals', 10, 62, 82, 100);
  sheet.part('Y1', passive.CRYSTAL_8M, 28, 76, { 1: 'OSC_IN', 3: 'OSC_OUT', 2: 'GND', 4: 'GND' });
  sheet.part('C31', passive.C_15P, 38, 76, ['OSC_IN', 'GND'], { turn: 90 });
  sheet.part('C32', passive.C_15P, 38, 84, ['OSC_OUT', 'GND'], { turn: 90 });
  sheet.label('OSC_IN', 22, 70, 'left');
  sheet.label('OSC_OUT', 22, 84, 'left');
  sheet.part('Y2', passive.CRYSTAL_32K, 60, 78, ['RTC_IN', 'RTC_OUT']);
  sheet.part('C33', passive.C_6P8, 70, 74, ['RTC_IN', 'GND'], { turn: 90 });
  sheet.part('C34', passive.C_6P8, 70, 84, ['RTC_OUT', 'GND'], { turn: 90 });
  sheet.label('RTC_IN', 56, 70, 'left');
  sheet.label('RTC_OUT', 56, 88, 'left');
}

function lightsAndButton(sheet: Sheet): void {
  sheet.frame('Lights and button (held at reset: boot loader)', 10, 104, 82, 148);
  sheet.part('R22', resistor('680R'), 30, 120, ['LED_READY', 'LED_READY_A']);
  sheet.part('D8', semis.LED_GREEN, 30, 132, ['GND', 'LED_READY_A'], { turn: 180, value: 'READY green' });
  sheet.part('R23', resistor('680R'), 50, 120, ['LED_FAULT', 'LED_FAULT_A']);
  sheet.part('D9', semis.LED_RED, 50, 132, ['GND', 'LED_FAULT_A'], { turn: 180, value: 'FAULT red' });
  sheet.label('LED_READY', 26, 114, 'left');
  sheet.label('LED_FAULT', 46, 114, 'left');
  sheet.part('SW1', connectors.BUTTON, 66, 120, ['+3V3', 'BUTTON'], { turn: 270, value: 'BTN1' });
  sheet.part('R24', resistor('10k'), 66, 134, ['BUTTON', 'GND']);
  sheet.label('BUTTON', 70, 128, 'right');
}

function usb(sheet: Sheet): void {
  sheet.frame('USB-C: Espruino console, and 5 V on a bench', 172, 14, 318, 66);
  sheet.part('J2', connectors.USB_C, 184, 38, {
    VBUS: 'VBUS',
    CC1: 'CC1',
    CC2: 'CC2',
    'D+': 'USB_DP',
    'D-': 'USB_DM',
    SBU1: null,
    SBU2: null,
    GND: 'GND',
    SHIELD: 'GND',
  });
  sheet.part('R25', resistor('5.1k'), 204, 32, ['CC1', 'GND'], { turn: 90 });
  sheet.part('R26', resistor('5.1k'), 214, 34, ['CC2', 'GND'], { turn: 90 });
  sheet.part('U12', chips.USB_ESD, 236, 50, {
    1: 'USB_DP',
    6: 'USB_DP',
    3: 'USB_DM',
    4: 'USB_DM',
    GND: 'GND',
    VBUS: 'VBUS',
  });
  sheet.wireReach('USB_DP', 0);
  sheet.wireReach('USB_DM', 0);
  sheet.part('C35', passive.C_1U, 276, 30, ['VBUS', 'GND']);
  sheet.part('R27', resistor('10k'), 290, 28, ['VBUS', 'USB_SENSE']);
  sheet.part('R28', resistor('15k'), 290, 38, ['USB_SENSE', 'GND']);
  sheet.label('USB_SENSE', 298, 33, 'right');
}

function memories(sheet: Sheet): void {
  sheet.frame('Journal: FRAM; place for NOR flash', 172, 70, 318, 104);
  const bus = { SCK: 'SPI_SCK', SI: 'SPI_MOSI', SO: 'SPI_MISO' };
  sheet.part('R29', resistor('10k'), 190, 80, ['+3V3', 'FRAM_CS']);
  sheet.part('U7', chips.FRAM, 210, 90, {
    '~{CS}': 'FRAM_CS',
    ...bus,
    VDD: '+3V3',
    '~{WP}': '+3V3',
    '~{HOLD}': '+3V3',
    GND: 'GND',
  });
  sheet.part('C36', passive.C_100N, 236, 92, ['+3V3', 'GND']);
  sheet.label('FRAM_CS', 182, 84, 'left');
  sheet.part('R30', resistor('10k'), 262, 80, ['+3V3', 'NOR_CS']);
  sheet.part(
    'U8',
    chips.NOR,
    284,
    90,
    {
      '~{CS}': 'NOR_CS',
      CLK: 'SPI_SCK',
      DI: 'SPI_MOSI',
      DO: 'SPI_MISO',
      VCC: '+3V3',
      '~{WP}': '+3V3',
      '~{HOLD}': '+3V3',
      GND: 'GND',
    },
    { isOpen: true },
  );
  sheet.part('C37', passive.C_100N, 308, 92, ['+3V3', 'GND']);
  sheet.label('NOR_CS', 254, 84, 'left');
  for (const net of Object.values(bus)) sheet.wireReach(net, 0);
}

function programming(sheet: Sheet): void {
  sheet.frame('Programming: SWD, and BOOT0 for the ROM loader', 172, 108, 246, 148);
  sheet.part('J3', connectors.header('SWD', 1, ['3V3', 'SWDIO', 'SWCLK', 'GND', 'NRST', 'BOOT0']), 190, 126, [
    '+3V3',
    'SWDIO',
    'SWCLK',
    'GND',
    'NRST',
    'BOOT0',
  ]);
  sheet.part('R31', resistor('10k'), 216, 134, ['BOOT0', 'GND']);
  sheet.label('BOOT0', 222, 130, 'right');
}

export function controllerSheet(): Sheet {
  const sheet = new Sheet('Controller', 'Controller, memories, USB', { width: 330, height: 188 });
  controller(sheet);
  reset(sheet);
  clocks(sheet);
  lightsAndButton(sheet);
  usb(sheet);
  memories(sheet);
  programming(sheet);
  return sheet;
}
