/**
 * `coinslot ports`, `info`, `settings`, `log`, `relay`: the module itself.
 */
import { HostError, linkName, linkText, type Settings } from '../../host';
import { RESET_NAMES } from '../../host/names';
import { Exit } from '../exit-codes';
import { type Session, withHost } from '../session';

export async function ports({ environment, output }: Session): Promise<Exit> {
  const found = await environment.listPorts();
  for (const { path, note } of found) output.say('port', { path, note }, `${path}  ${note}`);
  if (found.length === 0) {
    output.complain(
      'closed',
      'no serial ports here',
      'plug in the USB adapter, or use a virtual module: npm run module -- --tcp 7002',
    );
    return Exit.NoModule;
  }
  return Exit.Ok;
}

export function info(session: Session): Promise<Exit> {
  return withHost(session, async ({ host, info: told, output }) => {
    const signal = await host.signal();
    const time = await host.time();
    const timeText = time.unixS
      ? `${new Date(time.unixS * 1000).toISOString()} ± ${time.errorMs} ms`
      : 'not known yet';
    const resetName = RESET_NAMES[told.reset] ?? String(told.reset);
    output.say(
      'info',
      {
        ...told,
        linkName: linkName(signal.link),
        csq: signal.csq,
        registration: signal.registration,
        ...time,
      },
      '',
    );
    output.note(
      [
        `module        ${told.deviceId || '(not provisioned)'}, firmware ${told.firmware}, board ${told.board}`,
        `modem         ${told.imei || '(not heard yet)'}, signal ${signal.csq === 99 ? 'unknown' : `${signal.csq} of 31`}`,
        `link          ${linkName(signal.link)}: ${linkText(signal.link).meaning}`,
        `time          ${timeText}`,
        `orders        ${told.openOrders} open, last number ${told.lastOrder}`,
        `last start    ${resetName}`,
      ].join('\n'),
    );
    return Exit.Ok;
  });
}

/** `name=value` of whole numbers. */
function parseChange(words: readonly string[]): Settings {
  const change: { [name: string]: number } = {};
  for (const word of words) {
    const match = /^([A-Za-z]+)=(\d{1,9})$/.exec(word);
    if (!match) throw new HostError('argument', `not a setting: ${word} (like mode=2)`);
    change[match[1]!] = Number(match[2]);
  }
  return change;
}

/** Shows the settings; with `name=value` changes them first. */
export function settings(session: Session, words: readonly string[]): Promise<Exit> {
  const change = parseChange(words);
  return withHost(session, async ({ host, output }) => {
    if (words.length > 0) await host.setSettings(change);
    if ('baud' in change) {
      output.say('settings', change, `taken; from now on use --baud ${change.baud}`);
      return Exit.Ok;
    }
    const now = await host.settings();
    const lines = Object.entries(now).map(([name, value]) => `${name.padEnd(14)}${value}`);
    output.say('settings', now, lines.join('\n'));
    return Exit.Ok;
  });
}

export function log(session: Session, order: number, count: number): Promise<Exit> {
  return withHost(session, async ({ host, output }) => {
    for (const line of await host.log(order, count)) {
      const [number, state, reason, timeS] = line.split(' ');
      const when = Number(timeS) ? new Date(Number(timeS) * 1000).toISOString() : 'time not known';
      const fields = { order: Number(number), state, reason, unixS: Number(timeS) };
      output.say(
        'log',
        fields,
        `${when}  order ${number}  ${state}${reason === 'NONE' ? '' : ` (${reason})`}`,
      );
    }
    return Exit.Ok;
  });
}

export function relay(
  session: Session,
  number: number,
  count: number,
  onMs: number,
  offMs: number,
): Promise<Exit> {
  return withHost(session, async ({ host, output }) => {
    await host.relay(number, count, onMs, offMs);
    output.say(
      'relay',
      { relay: number, count, onMs, offMs },
      count ? `relay ${number}: ${count} × ${onMs} ms` : 'both relays released',
    );
    return Exit.Ok;
  });
}
