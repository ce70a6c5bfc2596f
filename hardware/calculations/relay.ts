/**
 * Relays, pulse output and input: does the coil get its voltage hot and at the lowest rail, do the transistors
 * turn fully on from 3.3 V, does the freewheeling diode stand it, do the optocouplers carry enough.
 */
import { SOURCES, type Finding } from './finding';
import { partValue } from './values';

const RAIL = { low: 4.75, high: 5.25 } as const;
const COIL_OHM = 62.5;
const COPPER_PER_K = 0.0039;
/** Coil at 60 C ambient and warmed by itself. */
const COIL_HOT_C = 100;
/** 70 % of 5 V. */
const PICK_UP_V_AT_20C = 3.5;
const LOW_SIDE_OHM = 0.05;
const HIGH_SIDE_OHM = 0.085;
const LED_V = 1.2;
const MCU_HIGH_V = 3.3 - 0.4;
const CTR_LOW = 2;
const CTR_AT_LOW_CURRENT = 0.5;
/** What the terminal promises. */
const OPTO_OUT_A = 0.008;
/** Light that is left of the LED at the end of its life. */
const LED_AGEING = 0.6;

function coilFindings(): Finding[] {
  const hot = 1 + COPPER_PER_K * (COIL_HOT_C - 20);
  const coilAmpere = RAIL.high / COIL_OHM;
  const atCoil = RAIL.low - coilAmpere * (LOW_SIDE_OHM + 2 * HIGH_SIDE_OHM);
  const relay = { topic: 'Relay drive', sources: [SOURCES.relay, SOURCES.design] };
  return [
    {
      ...relay,
      what: 'voltage at the coil, lowest rail',
      value: atCoil,
      unit: 'V',
      least: PICK_UP_V_AT_20C * 1.15,
    },
    {
      ...relay,
      what: 'pick-up voltage of a hot coil, in share of what it gets',
      value: (PICK_UP_V_AT_20C * hot) / atCoil,
      unit: '',
      most: 1,
    },
    {
      ...relay,
      what: 'pick-up at 60 C ambient from cold',
      value: (PICK_UP_V_AT_20C * (1 + COPPER_PER_K * 40)) / atCoil,
      unit: '',
      most: 1,
    },
    {
      ...relay,
      what: 'coil current through the diode when it opens (1N4148W: 300 mA)',
      value: coilAmpere * 1e3,
      unit: 'mA',
      most: 150,
    },
    {
      ...relay,
      what: 'gate of AO3400A from the controller (on at 2.5 V)',
      value: MCU_HIGH_V,
      unit: 'V',
      least: 2.5,
    },
    {
      ...relay,
      what: 'gate held down while pins float: 1 uA leak through 10 k',
      value: 1e-6 * partValue('R83'),
      unit: 'V',
      most: 0.3,
    },
    { ...relay, what: 'gate of the coil supply (AO3401A) when on', value: RAIL.low, unit: 'V', least: 4 },
  ];
}

function optoFindings(): Finding[] {
  const pulse = (MCU_HIGH_V - LED_V) / partValue('R84');
  const inputLow = (5 - LED_V) / partValue('R86');
  const inputHigh = (30 - LED_V) / partValue('R86');
  const pullUp = 3.3 / partValue('R87');
  const opto = {
    topic: 'Optocouplers',
    sources: [{ document: 'Everlight EL357N', known: 'memory' as const }, SOURCES.design],
  };
  return [
    { ...opto, what: 'pulse LED current', value: pulse * 1e3, unit: 'mA', least: 3, most: 8 },
    {
      ...opto,
      what: 'pulse output, what it can sink',
      value: pulse * CTR_LOW * LED_AGEING * 1e3,
      unit: 'mA',
      least: OPTO_OUT_A * 1e3,
    },
    { ...opto, what: 'input LED current at 5 V', value: inputLow * 1e3, unit: 'mA', least: 0.5 },
    {
      ...opto,
      what: 'collector current at 5 V in, against the pull-up',
      value: (inputLow * CTR_AT_LOW_CURRENT) / pullUp,
      unit: 'times',
      least: 1.2,
    },
    {
      ...opto,
      what: 'heat in the input resistor at 30 V (1206: 0.25 W)',
      value: inputHigh ** 2 * partValue('R86') * 1e3,
      unit: 'mW',
      most: 200,
    },
  ];
}

export function relayFindings(): Finding[] {
  return [...coilFindings(), ...optoFindings()];
}
