/** Every command of the simulated module, by name. */
import type { CommandTable } from '../command-table';
import { ACCEPTED_COMMANDS } from './accepted';
import { BASIC_COMMANDS } from './basic';
import { GPRS_COMMANDS } from './gprs';
import { NETWORK_COMMANDS } from './network';
import { SIMCOM_COMMANDS } from './simcom';
import { TCPIP_COMMANDS } from './tcpip';

export const ALL_COMMANDS: CommandTable = {
  ...ACCEPTED_COMMANDS,
  ...BASIC_COMMANDS,
  ...NETWORK_COMMANDS,
  ...SIMCOM_COMMANDS,
  ...GPRS_COMMANDS,
  ...TCPIP_COMMANDS,
};
