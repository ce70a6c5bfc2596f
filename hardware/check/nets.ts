/**
 * Nets as they were read back: names without KiCad's sheet, comparison of two net lists, and questions about which
 * parts bridge two nets. Invariant: works on what was read from files, never on the circuit itself.
 */

export type NetList = ReadonlyMap<string, readonly string[]>;

/** KiCad puts the sheet before a name that is known on one sheet only: `/Supply/FB_4V`. */
export function plainNet(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

export function plainNets(nets: NetList): NetList {
  return new Map([...nets].map(([net, pins]) => [plainNet(net), pins]));
}

/** What differs between two net lists, as sentences; `a` and `b` say whose they are. */
export function netDifferences(a: string, left: NetList, b: string, right: NetList): string[] {
  const faults: string[] = [];
  for (const [net, pins] of left) {
    const others = right.get(net);
    if (!others) {
      faults.push(`net ${net} is in the ${a} only`);
      continue;
    }
    const missing = pins.filter((pin) => !others.includes(pin));
    const more = others.filter((pin) => !pins.includes(pin));
    if (missing.length > 0) faults.push(`net ${net}: ${missing.join(', ')} in the ${a} only`);
    if (more.length > 0) faults.push(`net ${net}: ${more.join(', ')} in the ${b} only`);
  }
  for (const net of right.keys()) if (!left.has(net)) faults.push(`net ${net} is in the ${b} only`);
  return faults;
}

/** Net of a pin, `U1.7`. */
export function netOfPin(nets: NetList, pin: string): string | undefined {
  for (const [net, pins] of nets) if (pins.includes(pin)) return net;
  return undefined;
}

const refOf = (pin: string): string => pin.slice(0, pin.indexOf('.'));

/** References of parts that have a pin on each of two nets. */
export function bridging(nets: NetList, a: string, b: string, prefix = ''): string[] {
  const refsOn = (net: string): Set<string> => new Set((nets.get(net) ?? []).map(refOf));
  const other = refsOn(b);
  return [...refsOn(a)].filter((ref) => other.has(ref) && ref.startsWith(prefix)).sort();
}
