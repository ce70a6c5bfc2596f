/**
 * What Alipay's RSA2 signatures are made over ("自行实现签名", "自行实现验签"): requests over the sorted `key=value` pairs without `sign`,
 * answers over the raw JSON text of the response node, notifications over the sorted pairs without `sign` and
 * `sign_type`. Empty values take no part.
 */

export type Parameters = ReadonlyMap<string, string>;

/** `a=1&b=2`, sorted by name, values as they are. */
export function signedText(parameters: Parameters, leftOut: readonly string[]): string {
  return [...parameters]
    .filter(([name, value]) => value !== '' && !leftOut.includes(name))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}
