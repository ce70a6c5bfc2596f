/** The platform's table of settings against the document, and against what the firmware takes. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { BAUD_RATES, SETTING_RANGES, settingsSchema } from '../../../server/devices/settings';
import { checkSettings } from '../../../src/payment/settings-check';

const text = fs.readFileSync(path.resolve(__dirname, '../../../docs/host-protocol.md'), 'utf8');
const section = text.split('\n## 11 Settings\n')[1]!.split('\n## ')[0]!;

test('names and ranges are those of docs/host-protocol.md', () => {
  const rows = [...section.matchAll(/^\| (\w+) +\| (\d+) (?:to|or) (\d+) +\|/gm)];
  const documented = Object.fromEntries(
    rows.map(([, name, least, most]) => [name, [Number(least), Number(most)]]),
  );
  expect(SETTING_RANGES).toEqual(documented);
  for (const rate of BAUD_RATES) expect(section).toContain(String(rate));
});

test.each(Object.entries(SETTING_RANGES))(
  '%s: the module takes what the platform takes',
  (name, [least, most]) => {
    for (const value of [least - 1, least, least + 1, most - 1, most, most + 1, least + 0.5]) {
      const isTaken = settingsSchema.safeParse({ [name]: value }).success;
      expect([value, isTaken]).toEqual([value, checkSettings(undefined, { [name]: value }) !== undefined]);
    }
  },
);

test.each<object>([{ onMS: 500 }, { version: 3 }, { baud: 9601 }, { onMs: '500' }, { constructor: 1 }])(
  '%j is refused',
  (settings) => {
    expect(settingsSchema.safeParse(settings).success).toBe(false);
  },
);
