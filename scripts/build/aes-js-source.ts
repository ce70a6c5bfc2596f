/**
 * aes-js 3.1.2 as a module file for a board without native AES: minified, kept in Storage beside the bundle
 * under the name `aes-js`, where Espruino's `require` finds it. Names that Espruino lacks are replaced; aes-js
 * uses them only in text conversions and in a check that the firmware never reaches.
 */
import { transform } from 'esbuild';
import { readFileSync } from 'node:fs';

/** Source of the module file. */
export async function aesJsModule(): Promise<string> {
  const source = readFileSync(require.resolve('aes-js'), 'latin1');
  const { code } = await transform(source, {
    define: { encodeURI: 'String', define: 'undefined', 'Number.MAX_SAFE_INTEGER': '9007199254740991' },
    minify: true,
    charset: 'ascii',
    legalComments: 'none',
    target: 'es2015',
  });
  return code;
}
