/**
 * Host messages with the names of their fields (docs/host-protocol.md, "Messages"): for the maker's library, the
 * server's tools and tests. The bytes are host-wire.ts's business; the module itself does without names.
 */
import { u16, u32 } from './bytes';
import { decodeValues, hostKinds, type HostType, type HostValue, shortText } from './host-wire';

export { HostType, isText } from './host-wire';

/** Names and kinds of the fields of each payload: `name:kind`, separated by spaces. */
export const HOST_LAYOUTS: { readonly [type: number]: string } = {
  0x01: 'version:1 name:s',
  0x02: 'amountFen:4 channel:1 ttlS:2 reference:s goods:s',
  0x03: 'order:4 reference:s',
  0x04: 'order:4',
  0x05: 'order:4',
  0x06: 'order:4 text:s',
  0x07: 'order:4 text:s',
  0x08: 'relay:1 count:1 onMs:2 offMs:2',
  0x09: 'json:r',
  0x0a: '',
  0x0b: '',
  0x0c: '',
  0x0d: 'order:4 count:1',
  0x0e: 'json:r',
  0x10: 'mode:1 port:2 address:s',
  0x11: 'data:r',
  0x12: 'credit:2',
  0x13: '',
  0x41: 'version:1 reset:1 link:1 openOrders:1 lastOrder:4 deviceId:s firmware:s board:s imei:s',
  0x42: 'order:4 channel:1 leftS:2 reference:s url:r',
  0x43: 'order:4 state:1 reason:1 amountFen:4 channel:1 leftS:2 reference:s',
  0x46: 'json:r',
  0x47: 'unixS:4 errorMs:4',
  0x48: 'link:1 csq:1 registration:1',
  0x49: 'left:1 text:r',
  0x50: 'mode:1 credit:2',
  0x51: 'data:r',
  0x52: 'credit:2',
  0x53: 'reason:1',
  0x7e: 'seq:1 type:1 order:4',
  0x7f: 'seq:1 type:1 reason:1 text:r',
};

/** Types below this are a host's, those above the module's. */
const FIRST_MODULE_TYPE = 0x40;

/** A decoded payload: integers and binary strings by field name. */
export interface HostFields {
  [name: string]: HostValue;
}

/** Kinds of the fields of a type, as in host-wire.ts; undefined for a type that does not exist. */
function kindsOf(type: number): string | undefined {
  const layout = HOST_LAYOUTS[type];
  return layout === undefined ? undefined : layout.replace(/\w+:(\w) ?/g, '$1');
}

function namesOf(type: number): string[] {
  const layout = HOST_LAYOUTS[type];
  return layout ? layout.split(' ').map((field) => field.slice(0, -2)) : [];
}

/** Reads a payload of the given type; undefined when the type is unknown or the bytes do not fit the layout. */
export function decodeHost(type: number, payload: string): HostFields | undefined {
  const kinds = kindsOf(type);
  const values = kinds === undefined ? undefined : decodeValues(kinds, payload);
  if (!values) return undefined;
  const fields: HostFields = {};
  namesOf(type).forEach((name, index) => (fields[name] = values[index]!));
  return fields;
}

/** The bytes of a field; the value must fit. */
function encodeValue(kind: string, value: HostValue): string {
  if (kind === '4') return u32(value as number);
  if (kind === '2') return u16(value as number);
  if (kind === '1') return String.fromCharCode(value as number);
  return kind === 's' ? shortText(value as string) : (value as string);
}

/** Builds the payload of a message; the fields must be those of its layout and fit their widths. */
export function encodeHost(type: HostType, fields: HostFields): string {
  const kinds = kindsOf(type)!;
  return namesOf(type)
    .map((name, index) => encodeValue(kinds[index]!, fields[name]!))
    .join('');
}

// The module's table and this one say the same, or nothing that is built on them is right.
for (let type = 0; type < FIRST_MODULE_TYPE; type++) {
  if (hostKinds(type) !== kindsOf(type)) throw new Error(`layout of host message ${type}`);
}
