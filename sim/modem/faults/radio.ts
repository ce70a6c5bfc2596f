/**
 * Faults of the cell, of attachment and of the card.
 */
import { REGISTRATION } from '../radio';
import { seconds, type FaultTable } from './fault';

/** One swing of a flapping cell. */
const FLAP_AWAY_MS = 8_000;
const FLAP_BACK_MS = 12_000;

export const RADIO_FAULTS: FaultTable = {
  outage: {
    description: 'no coverage for a while; a long one costs the PDP context too',
    parameter: seconds('length', 60),
    trigger: '30s',
    strike: ({ network, clock }, value) => {
      network.setCoverage(false);
      clock.setTimer(() => network.setCoverage(true), value * 1_000);
    },
  },
  'cell-flap': {
    description: 'coverage comes and goes this many times, 8 s away and 12 s back',
    parameter: { name: 'times', unit: 'number', fallback: 6, low: 1, high: 1_000 },
    trigger: '30s',
    strike: ({ network, clock }, value) => {
      for (let swing = 0; swing < value; swing++) {
        const startMs = swing * (FLAP_AWAY_MS + FLAP_BACK_MS);
        clock.setTimer(() => network.setCoverage(false), startMs);
        clock.setTimer(() => network.setCoverage(true), startMs + FLAP_AWAY_MS);
      }
    },
  },
  'weak-signal': {
    description: 'the signal falls to this AT+CSQ value',
    parameter: { name: 'rssi', unit: 'number', fallback: 3, low: 0, high: 99 },
    trigger: '10s',
    strike: ({ network }, value) => network.setSignal(value),
  },
  denied: {
    description: 'the network denies registration (+CREG: 3) for a while',
    parameter: seconds('length', 120),
    trigger: 'now',
    strike: ({ session }, value) => {
      session.radio.isDenied = true;
      if (session.radio.isRegistered) session.radio.lose(REGISTRATION.denied);
      session.later(() => {
        session.radio.isDenied = false;
        session.radio.start();
      }, value * 1_000);
    },
  },
  'attach-refused': {
    description: 'attaching to GPRS is refused (CME 107) for a while',
    parameter: seconds('length', 120),
    trigger: 'now',
    strike: ({ session }, value) => {
      session.radio.isAttachRefused = true;
      session.later(() => {
        session.radio.isAttachRefused = false;
      }, value * 1_000);
    },
  },
  'slow-attach': {
    description: 'from now on every attach takes this long: a driver that detaches without need pays for it',
    parameter: seconds('length', 70),
    trigger: 'now',
    strike: ({ session }, value) => {
      session.radio.attachDelayMs = value * 1_000;
    },
  },
  detached: {
    description:
      'the network throws the module off GPRS: the context goes with +PDP: DEACT, AT+CGATT? says 0',
    trigger: '30s',
    strike: ({ session }) => {
      session.bearer.deactivatedByNetwork();
      session.radio.detachedByNetwork();
    },
  },
  'card-removed': {
    description: 'the SIM card is gone for a while: CME 10, off the network',
    parameter: seconds('length', 60),
    trigger: '30s',
    strike: ({ session, modem, clock }, value) => {
      modem.card.isInserted = false;
      session.bearer.lose();
      session.radio.stop();
      session.terminal.notice('+CPIN: NOT INSERTED');
      clock.setTimer(() => {
        modem.card.isInserted = true;
        modem.session?.radio.start();
      }, value * 1_000);
    },
  },
  'card-busy': {
    description: 'the card is busy for a while: CME 14',
    parameter: seconds('length', 15),
    trigger: 'boot',
    strike: ({ session }, value) => session.holdCard(value * 1_000),
  },
  'card-failure': {
    description: 'the card fails for a while: CME 13',
    parameter: seconds('length', 60),
    trigger: '30s',
    strike: ({ modem, clock }, value) => {
      modem.card.isFaulty = true;
      clock.setTimer(() => {
        modem.card.isFaulty = false;
      }, value * 1_000);
    },
  },
};
