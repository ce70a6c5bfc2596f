/**
 * What a person may type while `npm run modem` runs: the pins, the supply, and faults. One line, one order.
 * Invariant: an order that is not understood changes nothing and is answered with one sentence.
 */
import type { Clock } from '../../time/clock';
import type { FaultInjector } from '../faults/injector';
import type { Sim800 } from '../sim800';

export const CONSOLE_HELP =
  'key [MS], reset [MS], supply MILLIVOLTS [MS], fault NAME[:PARAMETER][@TRIGGER], status, quit';

const KEY_MS = 1_200;
const RESET_MS = 150;
const LONGEST_MS = 120_000;

export interface ConsoleParts {
  clock: Clock;
  modem: Sim800;
  injector: FaultInjector;
  print: (line: string) => void;
  quit: () => void;
}

/** Carries out one typed line. */
export function runConsoleLine(line: string, parts: ConsoleParts): void {
  const [word = '', ...rest] = line.trim().split(/\s+/);
  if (word === '') return;
  const order = ORDERS[word];
  if (!order) {
    parts.print(`unknown order '${word}'; there are ${CONSOLE_HELP}`);
    return;
  }
  try {
    order(parts, rest);
  } catch (error) {
    parts.print((error as Error).message);
  }
}

const ORDERS: Readonly<Record<string, (parts: ConsoleParts, rest: readonly string[]) => void>> = {
  key: ({ modem }, [hold]) => modem.pressPowerKey(milliseconds(hold, KEY_MS)),
  reset: ({ modem, clock }, [hold]) => {
    modem.setReset(0);
    clock.setTimer(() => modem.setReset(1), milliseconds(hold, RESET_MS));
  },
  supply: ({ modem, clock }, [level, length]) => {
    const millivolts = Number(level);
    if (!(millivolts >= 0 && millivolts <= 6_000)) throw new Error('supply needs millivolts from 0 to 6000');
    const before = modem.supplyMillivolts;
    modem.setSupplyMillivolts(millivolts);
    if (length !== undefined)
      clock.setTimer(() => modem.setSupplyMillivolts(before), milliseconds(length, 0));
  },
  fault: ({ injector }, rest) => injector.add(rest.join(' ')),
  status: ({ modem, print }) => {
    const { counters, session } = modem;
    const state = session ? session.links.ipState : '-';
    print(`power ${modem.powerState}, STATUS ${modem.status}, NETLIGHT ${modem.netlight}, ${state}`);
    print(
      `${counters.commandTotal} commands, ${counters.errors} errors, payload ${counters.payloadSent} out, ` +
        `${counters.payloadReceived} in, ${counters.impatientBytes} impatient bytes, ${counters.droppedBytes} dropped`,
    );
  },
  quit: ({ quit }) => quit(),
};

function milliseconds(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!(value >= 1 && value <= LONGEST_MS))
    throw new Error(`a time needs milliseconds from 1 to ${LONGEST_MS}`);
  return value;
}
