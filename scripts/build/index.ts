/** `npm run build [profile…]`: builds the named profiles, or all of them, into dist/. Exits 1 when one fails. */
import path from 'node:path';
import { buildAll } from './build';
import { profileNames } from './profile';

const names = process.argv.slice(2);

void buildAll(names.length > 0 ? names : profileNames(), path.join(__dirname, '..', '..', 'dist')).then(
  (failures) => {
    process.exitCode = failures > 0 ? 1 : 0;
  },
);
