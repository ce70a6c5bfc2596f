/**
 * A frame in one line that a person can read: `→ PAY seq 2: 2.50 yuan, wechat, 120 s, reference 41.1, goods "可乐"`.
 * For `monitor`, `--trace` and conform. Leaves the time stamp to the caller.
 */
import { decodeHost, type HostFields, HostType } from '../../src/protocol/host';
import { channelName, linkName, reasonName, stateName, type TraceEntry, typeName, yuan } from '../host';
import { textOf } from '../host/messages';

const SHOWN_DATA_BYTES = 24;

const quoted = (value: number | string): string => JSON.stringify(textOf(value));

function shownData(value: number | string): string {
  const bytes = Buffer.from(String(value), 'latin1');
  const more = bytes.length > SHOWN_DATA_BYTES ? '…' : '';
  return `${bytes.length} bytes ${bytes.subarray(0, SHOWN_DATA_BYTES).toString('hex')}${more}`;
}

const SHOW: { readonly [field: string]: (value: number | string) => string } = {
  amountFen: (value) => `${yuan(Number(value))} yuan`,
  channel: (value) => channelName(Number(value)),
  state: (value) => stateName(Number(value)),
  reason: (value) => (value === 0 ? '' : reasonName(Number(value))),
  type: (value) => typeName(Number(value)),
  link: (value) => linkName(Number(value)),
  order: (value) => (value === 0 ? '' : `order ${value}`),
  seq: (value) => `of seq ${value}`,
  ttlS: (value) => `payable ${value || 300} s`,
  leftS: (value) => (value === 0 ? '' : `${value} s left`),
  reference: (value) => (value === '' ? '' : `reference ${textOf(value)}`),
  url: (value) => textOf(value),
  json: (value) => textOf(value),
  data: shownData,
};

function showField(type: number, name: string, value: number | string): string {
  // Whoever reads a trace must not read the module's key.
  if (type === HostType.Provision) return '(not shown)';
  const show = SHOW[name];
  if (show) return show(value);
  return typeof value === 'number' ? `${name} ${value}` : value === '' ? '' : `${name} ${quoted(value)}`;
}

function showFields(type: number, fields: HostFields): string {
  const shown = Object.entries(fields).map(([name, value]) => showField(type, name, value));
  return shown.filter((text) => text !== '').join(', ');
}

/** One line for a frame that passed by. `sent` is drawn as →. */
export function describeFrame(entry: TraceEntry): string {
  const arrow = entry.direction === 'sent' ? '→' : '←';
  const { frame } = entry;
  if (!frame) return `${arrow} (broken: ${reasonName(entry.broken ?? 0)})`;
  const fields = decodeHost(frame.type, frame.payload);
  const mark = frame.flags & 1 ? '!' : '';
  const text = fields
    ? showFields(frame.type, fields)
    : `payload not understood: ${shownData(frame.payload)}`;
  return `${arrow} ${typeName(frame.type)}${mark} seq ${frame.seq}${text ? `: ${text}` : ''}`;
}

/** The same for scripts. */
export function frameObject(entry: TraceEntry): object {
  const { frame, direction } = entry;
  if (!frame) return { direction, broken: reasonName(entry.broken ?? 0) };
  const fields = decodeHost(frame.type, frame.payload) ?? {};
  const isSecret = frame.type === HostType.Provision;
  const text = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      name === 'data'
        ? Buffer.from(String(value), 'latin1').toString('hex')
        : typeof value === 'string'
          ? textOf(value)
          : value,
    ]),
  );
  return {
    direction,
    type: typeName(frame.type),
    seq: frame.seq,
    ackWanted: (frame.flags & 1) === 1,
    fields: isSecret ? {} : text,
    ...(isSecret ? {} : { hex: entry.bytes.toString('hex') }),
  };
}
