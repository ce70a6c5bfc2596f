/**
 * Text to GBK, the encoding of Alipay's bills. Node only decodes it, so the table is the decoder's, turned round
 * once: every two-byte code of GBK (lead 0x81 to 0xFE, trail 0x40 to 0xFE without 0x7F).
 */

let table: Map<string, readonly [number, number]> | undefined;

function reverseTable(): Map<string, readonly [number, number]> {
  const decoder = new TextDecoder('gbk');
  const reverse = new Map<string, readonly [number, number]>();
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      const char = trail === 0x7f ? '\ufffd' : decoder.decode(Uint8Array.of(lead, trail));
      if (char.length === 1 && char !== '\ufffd' && !reverse.has(char)) reverse.set(char, [lead, trail]);
    }
  }
  return reverse;
}

/** What GBK cannot say becomes a question mark. */
export function toGbk(text: string): Buffer {
  table ??= reverseTable();
  const bytes: number[] = [];
  for (const char of text) {
    const pair = table.get(char);
    if (char.charCodeAt(0) < 0x80) bytes.push(char.charCodeAt(0));
    else if (pair) bytes.push(...pair);
    else bytes.push(0x3f);
  }
  return Buffer.from(bytes);
}
