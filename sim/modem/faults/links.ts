/**
 * Faults of connections and of the PDP context: closes, half-open links, lost contexts, stale data.
 */
import { arms, seconds, type FaultTable } from './fault';

export const LINK_FAULTS: FaultTable = {
  ...arms('silent-close', 'the next remote close is not told; only AT+CIPSTATUS shows it'),
  ...arms('stale-data', 'a reused link number hands out bytes that were meant for the closed connection'),
  ...arms('dns-fail', 'the next AT+CDNSGIP finds no address (error 8)'),
  ...arms('connect-fail', 'the next AT+CIPSTART ends in CONNECT FAIL after two seconds'),
  ...arms(
    'connect-timeout',
    "the next AT+CIPSTART ends in CONNECT FAIL only at the module's own limit (75 or 160 s)",
  ),
  ...arms('activate-fail', 'the next AT+CIICR gets +PDP: DEACT and ERROR'),
  'remote-close': {
    description: 'the peer closes every connection; the module tells of it two to four seconds late',
    trigger: 'connect+10s',
    strike: ({ session }) => session.links.all.forEach((link) => link.remoteClosed()),
  },
  'half-open': {
    description: 'open connections swallow everything both ways; every status still says connected',
    trigger: 'connect+10s',
    strike: ({ session }) =>
      session.links.all.forEach((link) => {
        link.isDeaf = true;
      }),
  },
  'receive-stall': {
    description: 'the module takes nothing more from the network for a while, then everything comes at once',
    parameter: seconds('length', 20),
    trigger: 'connect+5s',
    strike: ({ session }, value) => {
      for (const link of session.links.all) link.holdReceiving(true);
      session.later(() => session.links.all.forEach((link) => link.holdReceiving(false)), value * 1_000);
    },
  },
  'pdp-deact': {
    description: 'the network takes the PDP context away: +PDP: DEACT, and only AT+CIPSHUT leads on',
    trigger: '30s',
    strike: ({ session }) => session.bearer.deactivatedByNetwork(),
  },
  'pdp-lost': {
    description: 'the PDP context is gone and nothing is told; AT+CIPSTATUS shows PDP DEACT when asked',
    trigger: '30s',
    strike: ({ session }) => session.bearer.deactivatedByNetwork(true),
  },
};
