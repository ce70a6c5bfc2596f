/** `npm run build [-- profile…]`: builds the named profiles, or all of them, into dist/. Exits 1 when one fails. */
import path from 'node:path';
import { Argument } from 'commander';
import { command } from '../command-line';
import { buildAll } from './build';
import { profileNames } from './profile';

const { args } = command('build', 'builds the firmware into dist/')
  .addArgument(new Argument('[profile...]', 'default: all').choices(profileNames()))
  .parse();

void buildAll(args.length > 0 ? args : profileNames(), path.join(__dirname, '..', '..', 'dist')).then(
  (failures) => {
    process.exitCode = failures > 0 ? 1 : 0;
  },
);
