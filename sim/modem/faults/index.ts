/** Every named fault; `npm run modem -- --list-faults` prints this table. */
import { ANSWER_FAULTS } from './answers';
import type { FaultTable } from './fault';
import { LINE_FAULTS } from './line';
import { LINK_FAULTS } from './links';
import { POWER_FAULTS } from './power';
import { RADIO_FAULTS } from './radio';

export const ALL_FAULTS: FaultTable = {
  ...ANSWER_FAULTS,
  ...LINK_FAULTS,
  ...RADIO_FAULTS,
  ...POWER_FAULTS,
  ...LINE_FAULTS,
};
