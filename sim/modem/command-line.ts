/**
 * Takes an AT command line apart: basic commands (ATE0V1), S parameters, extended commands (+NAME, =, ?, =?)
 * joined by semicolons, and their parameters with quoted strings.
 * Leaves the meaning to the command tables. Source: SIM800 Series AT Command Manual V1.09, section 1.4.
 */

export type CommandForm = 'execute' | 'read' | 'test' | 'write';

export interface Command {
  /** As in the tables: `E`, `&W`, `S`, `+CSQ`. */
  name: string;
  form: CommandForm;
  /** Parameters of a write command; the digits of a basic command. Missing parameters are ''. */
  args: string[];
  /** Which of the parameters stood in quotes. */
  isQuoted: boolean[];
}

/** Longest command line without its AT prefix (section 1.4.4). */
export const LONGEST_LINE = 556;

const BASIC = /^(&?[A-Z])(\d*)/;
const S_PARAMETER = /^S(\d+)(\?|=(\d*))?/;
const EXTENDED = /^\+[A-Z0-9!%./:_-]*/;

/** The commands of a line after its AT prefix, or undefined when it cannot be read. */
export function parseCommandLine(body: string): Command[] | undefined {
  if (body.length > LONGEST_LINE) return undefined;
  const commands: Command[] = [];
  let rest = body.trim();
  while (rest.length > 0) {
    const consumed = rest.startsWith('+') ? takeExtended(rest, commands) : takeBasic(rest, commands);
    if (consumed === 0) return undefined;
    rest = rest.slice(consumed).replace(/^[; ]+/, '');
  }
  return commands;
}

function takeBasic(text: string, commands: Command[]): number {
  const upper = text.toUpperCase();
  const register = S_PARAMETER.exec(upper);
  if (register) {
    const form = register[2] === '?' ? 'read' : 'write';
    commands.push({ name: 'S', form, args: [register[1]!, register[3] ?? ''], isQuoted: [false, false] });
    return register[0].length;
  }
  const match = BASIC.exec(upper);
  if (!match) return 0;
  commands.push({ name: match[1]!, form: 'execute', args: [match[2]!], isQuoted: [false] });
  return match[0].length;
}

function takeExtended(text: string, commands: Command[]): number {
  const name = EXTENDED.exec(text.toUpperCase())![0];
  const next = text[name.length];
  if (next === '?') {
    commands.push({ name, form: 'read', args: [], isQuoted: [] });
    return name.length + 1;
  }
  if (next !== '=') {
    if (next !== undefined && next !== ';' && next !== ' ') return 0;
    commands.push({ name, form: 'execute', args: [], isQuoted: [] });
    return name.length;
  }
  if (text[name.length + 1] === '?') {
    commands.push({ name, form: 'test', args: [], isQuoted: [] });
    return name.length + 2;
  }
  return takeParameters(text, name, commands);
}

/** One pass over the parameters; a semicolon inside quotes belongs to the string. */
function takeParameters(text: string, name: string, commands: Command[]): number {
  const args: string[] = [];
  const isQuoted: boolean[] = [];
  let at = name.length + 1;
  for (;;) {
    while (text[at] === ' ') at += 1;
    if (text[at] === '"') {
      const end = text.indexOf('"', at + 1);
      if (end < 0) return 0;
      args.push(text.slice(at + 1, end));
      isQuoted.push(true);
      at = end + 1;
      while (text[at] === ' ') at += 1;
    } else {
      const match = /^[^,;"]*/.exec(text.slice(at))!;
      args.push(match[0].trim());
      isQuoted.push(false);
      at += match[0].length;
    }
    if (text[at] !== ',') break;
    at += 1;
  }
  if (at < text.length && text[at] !== ';') return 0;
  commands.push({ name, form: 'write', args, isQuoted });
  return at;
}

/** A whole number from `low` to `high`, or undefined. Signs, fractions and blanks are refused. */
export function wholeNumber(text: string | undefined, low: number, high: number): number | undefined {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= low && value <= high ? value : undefined;
}
