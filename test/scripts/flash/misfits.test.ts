/** A board that the program is not for is refused with what is wrong; the boards' own figures are taken. */
import { loadProfile } from '../../../scripts/build/profile';
import { type BoardFacts, misfit } from '../../../scripts/flash/misfits';

/** What an Espruino WiFi build of 2v29 says of itself. */
const WIFI: BoardFacts = {
  boardId: 'ESPRUINOWIFI',
  version: '2v29',
  hasAes: true,
  jsVars: 8190,
  free: [{ addr: 0x08004000, length: 49152 }],
};

describe('a board to be flashed', () => {
  it('is taken when it is what the profile is for', () => {
    expect(misfit(loadProfile('espruino-wifi'), WIFI)).toBeUndefined();
    const pico = { ...WIFI, boardId: 'PICO_R1_3', jsVars: 5100, free: [] };
    expect(misfit(loadProfile('pico'), pico)).toBeUndefined();
    const rp2040 = { ...WIFI, boardId: 'RP2040_PICO', hasAes: false, jsVars: 12000, free: [] };
    expect(misfit(loadProfile('rp2040'), rp2040)).toBeUndefined();
  });

  const wrong: [string, string, Partial<BoardFacts>, RegExp][] = [
    ['another board', 'pico', {}, /this board is ESPRUINOWIFI, the profile pico is for PICO_R1_3/],
    [
      'the stock F405 without AES',
      'stm32f4-generic',
      { boardId: 'STM32F405RG', hasAes: false },
      /has no AES/,
    ],
    [
      'fewer JsVars',
      'espruino-wifi',
      { jsVars: 5000 },
      /has 5000 JsVars, the profile espruino-wifi counts on 8190/,
    ],
    [
      'no free flash',
      'espruino-wifi',
      { free: [] },
      /flash at 0x8004000, where the journal is to be, is in use/,
    ],
    [
      'an Espruino that reaches into the journal',
      'stm32f4-generic',
      { boardId: 'STM32F405RG', free: [{ addr: 0x08080000, length: 0x40000 }] },
      /flash at 0x8060000.*larger than the profile stm32f4-generic allows for/,
    ],
  ];

  it.each(wrong)('is refused: %s', (_what, name, change, sentence) => {
    expect(misfit(loadProfile(name), { ...WIFI, ...change })).toMatch(sentence);
  });
});
