/**
 * AT traffic for people's eyes: what may be shown of a command and of an answer. Secrets are an access point's
 * name, user and password, and a card's PIN and PUK; payloads are counted by the terminal, not shown.
 * Invariant: only commands that the module knows are shown; a line that noise has spoilt, or bytes that were
 * taken for a line, may hold anything.
 */
import { parseCommandLine, type Command } from './command-line';
import { ALL_COMMANDS } from './commands';

const SECRET_COMMANDS: ReadonlySet<string> = new Set([
  '+CSTT',
  '+CPIN',
  '+CPIN2',
  '+CLCK',
  '+CPWD',
  '+CGDCONT',
]);
const SECRET_ANSWER = /^(\+(?:CSTT|CPIN2|CGDCONT|CLCK): ?).*/;
const FOREIGN_NAME = /^[+^*$%#&][A-Z0-9]{1,16}/i;
const UNKNOWN = '(not a command of the module)';

/**
 * A command line, without `AT`, as it may be shown. `hasNames`: names of unknown commands too, for who tries a
 * driver of his own against the simulator.
 */
export function shownCommand(body: string, hasNames = false): string {
  const commands = parseCommandLine(body);
  if (!commands || commands.some(({ name }) => !Object.hasOwn(ALL_COMMANDS, name))) {
    const name = hasNames ? FOREIGN_NAME.exec(body)?.[0] : undefined;
    return name === undefined ? UNKNOWN : `${name}… ${UNKNOWN}`;
  }
  return commands.map(shown).join(';');
}

/** A line of the module as it may be shown. */
export function shownAnswer(line: string): string {
  return line.replace(SECRET_ANSWER, '$1…');
}

function shown({ name, form, args, isQuoted }: Command): string {
  if (form === 'read') return `${name}?`;
  if (form === 'test') return `${name}=?`;
  if (form === 'execute') return name + args.join('');
  if (SECRET_COMMANDS.has(name)) return `${name}=…`;
  return `${name}=${args.map((text, at) => (isQuoted[at] ? `"${text}"` : text)).join(',')}`;
}
