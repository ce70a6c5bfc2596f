/**
 * How the project's own commands read their arguments. `--help` tells what there is; what is not known or cannot be
 * is one sentence on standard error and exit code 2, before anything has begun.
 */
import { Command, InvalidArgumentError } from 'commander';

const EXIT_BAD_ARGUMENTS = 2;

/** The command `npm run <script> --`: takes no arguments until options are added. */
export function command(script: string, what: string): Command {
  return new Command(`npm run ${script} --`)
    .description(what)
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_BAD_ARGUMENTS));
}

/** Reads a whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const upTo = most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${most}`;
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`expected a whole number from ${least} ${upTo}.`);
    }
    return value;
  };
}

/** Reads a number from `least` to `most`. */
export function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most)) {
      throw new InvalidArgumentError(`expected a number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Reads one of these words. */
export function oneOf(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (!names.includes(text)) throw new InvalidArgumentError(`expected one of ${names.join(', ')}.`);
    return text;
  };
}
