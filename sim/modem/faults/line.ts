/**
 * Faults of the serial line: noise, lost bytes, garbage, slow pieces, silence. The spoiling itself is done by
 * `spoilt-line.ts`.
 */
import { seconds, share, type FaultTable } from './fault';

/** How long noise and dribble last. */
const SPELL_MS = 30_000;

export const LINE_FAULTS: FaultTable = {
  'bit-noise': {
    description: 'for 30 s bits of what the module sends flip, with this chance for each byte',
    parameter: share(0.005),
    trigger: '10s',
    strike: ({ modem }, value) => modem.line.noise('toHost', value, SPELL_MS),
  },
  'host-noise': {
    description: 'for 30 s bits of what the module receives flip, with this chance for each byte',
    parameter: share(0.005),
    trigger: '10s',
    strike: ({ modem }, value) => modem.line.noise('fromHost', value, SPELL_MS),
  },
  'lost-byte': {
    description: 'one byte is lost from each of the next answers, this many times',
    parameter: { name: 'times', unit: 'number', fallback: 1, low: 1, high: 1_000 },
    trigger: '10s',
    strike: ({ modem }, value) => modem.line.loseBytes(value),
  },
  garbage: {
    description: 'this many random bytes from the module',
    parameter: { name: 'bytes', unit: 'number', fallback: 40, low: 1, high: 10_000 },
    trigger: '10s',
    strike: ({ modem, random }, value) => modem.line.send(random.bytes(value)),
  },
  dribble: {
    description: 'for 30 s everything the module sends comes in pieces of 1 to 7 bytes, this far apart',
    parameter: { name: 'gap', unit: 'ms', fallback: 25, low: 1, high: 5_000 },
    trigger: '10s',
    strike: ({ modem }, value) => modem.line.dribble(value, SPELL_MS),
  },
  mute: {
    description: 'nothing that the module sends arrives for a while',
    parameter: seconds('length', 10),
    trigger: '10s',
    strike: ({ modem }, value) => modem.line.silence('toHost', value * 1_000),
  },
  deaf: {
    description: 'nothing that the host sends arrives for a while',
    parameter: seconds('length', 10),
    trigger: '10s',
    strike: ({ modem }, value) => modem.line.silence('fromHost', value * 1_000),
  },
};
