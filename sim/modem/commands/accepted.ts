/**
 * Commands that the module knows and this simulator only takes: telephony, messages, audio, light. They answer
 * OK with their parameters unchecked, so that other people's start-up sequences pass; nothing else happens.
 * Source: SIM800 Series AT Command Manual V1.09, the section in each row.
 */
import { accepted, type CommandTable } from '../command-table';

const SECTIONS: Readonly<Record<string, string>> = {
  '+CLIP': '3.2.18',
  '+CLVL': '3.2.48',
  '+CMGD': '4.2.1',
  '+CNMI': '4.2.8',
  '+CPMS': '4.2.9',
  '+CSDH': '4.2.14',
  '+CSMP': '4.2.15',
  '+CFGRI': '6.2.11',
  '+CHFA': '6.2.19',
  '+CMTE': '6.2.24',
  '+EXUNSOL': '6.2.35',
  '+SLEDS': '6.2.48',
  '+CNETLIGHT': '6.2.51',
  '+CSMINS': '6.2.54',
  '+CSGS': '6.2.55',
  '+ECHARGE': '6.2.74',
  '+CGEREP': '7.2.9',
  '+CLPORT': '8.2.8',
  '+CIPDPDP': '8.2.21',
  '+CIPCCFG': '8.2.23',
  '+CIPSGTXT': '8.2.29',
};

export const ACCEPTED_COMMANDS: CommandTable = Object.fromEntries(
  Object.entries(SECTIONS).map(([name, section]) => [name, { section, test: '', write: accepted }]),
);
