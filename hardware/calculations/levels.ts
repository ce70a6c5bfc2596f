/**
 * Logic levels where two supplies meet: controller (3.3 V) and modem (2.8 V) through the translators, the pins
 * that transistors pull down, USB's supply sense, the host port.
 */
import { SOURCES, type Finding, type Source } from './finding';
import { partValue } from './values';

const translator: Source = { document: 'TI SCES515 SN74LVC1T45', known: 'memory' };
const rs485: Source = { document: 'Maxim MAX13487E', known: 'memory' };
const VDD_EXT = { low: 2.7, high: 2.95 } as const;
const CONTROLLER = { low: 3.2, high: 3.4 } as const;

function modemFindings(): Finding[] {
  const modem = { topic: 'Levels controller to modem', sources: [SOURCES.guide, translator, SOURCES.stm32] };
  return [
    {
      ...modem,
      what: 'modem RXD, high: translator gives VDD_EXT - 0.1 V',
      value: VDD_EXT.low - 0.1,
      unit: 'V',
      least: 2.4,
    },
    { ...modem, what: 'modem RXD, highest (3.1 V allowed)', value: VDD_EXT.high, unit: 'V', most: 3.1 },
    {
      ...modem,
      what: 'translator reads modem TXD as high: 0.65 VDD_EXT at most',
      value: 0.65 * VDD_EXT.high,
      unit: 'V',
      most: 2.7,
    },
    {
      ...modem,
      what: 'controller reads the translator as high: 0.7 VDD',
      value: 0.7 * CONTROLLER.high,
      unit: 'V',
      most: CONTROLLER.low - 0.1,
    },
    {
      ...modem,
      what: 'STATUS through 1 k over 100 k, high',
      value: (2.7 * partValue('R53')) / (partValue('R52') + partValue('R53')),
      unit: 'V',
      least: 0.7 * CONTROLLER.high,
    },
    {
      ...modem,
      what: 'PWRKEY pulled down: 3 V / 47 k through BSS138 (3.5 Ohm)',
      value: (3 / 47e3) * 3.5 * 1e3,
      unit: 'mV',
      most: 700,
    },
    {
      ...modem,
      what: 'NRESET pulled down: 2.8 V / 4.7 k through BSS138',
      value: (2.8 / 4.7e3) * 3.5 * 1e3,
      unit: 'mV',
      most: 600,
    },
    {
      ...modem,
      what: 'gate of BSS138 from the controller, over its highest threshold',
      value: 2.9 - 1.5,
      unit: 'V',
      least: 0.8,
    },
  ];
}

function usbFindings(): Finding[] {
  const sense = partValue('R28') / (partValue('R27') + partValue('R28'));
  return [
    {
      topic: 'USB',
      what: 'sense at 4.4 V',
      value: 4.4 * sense,
      unit: 'V',
      least: 0.7 * CONTROLLER.high,
      sources: [SOURCES.stm32],
    },
    {
      topic: 'USB',
      what: 'sense at 5.5 V',
      value: 5.5 * sense,
      unit: 'V',
      most: 3.6,
      sources: [SOURCES.stm32],
    },
  ];
}

function hostFindings(): Finding[] {
  return [
    {
      topic: 'Host port',
      what: 'RS-485 output 5 V on a 5 V tolerant pin',
      value: 5.25,
      unit: 'V',
      most: 5.5,
      sources: [rs485, SOURCES.stm32],
    },
    {
      topic: 'Host port',
      what: 'RS-485 data input from the controller',
      value: 2.9,
      unit: 'V',
      least: 2,
      sources: [rs485],
    },
    {
      topic: 'Host port',
      what: 'TTL output against a 5 V CMOS input (0.5 VDD, STC 8051)',
      value: 2.9,
      unit: 'V',
      least: 2.5,
      sources: [SOURCES.stm32],
    },
    {
      topic: 'Host port',
      what: 'TTL edge: 1 k with 60 pF, share of a bit at 115200',
      value: (2.2 * 1000 * 60e-12) / 8.68e-6,
      unit: '',
      most: 0.1,
      sources: [SOURCES.design],
    },
  ];
}

export function levelFindings(): Finding[] {
  return [...modemFindings(), ...usbFindings(), ...hostFindings()];
}
