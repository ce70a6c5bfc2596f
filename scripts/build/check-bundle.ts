/**
 * The check of a built bundle: everything that Espruino cannot run, or runs otherwise than JavaScript does, and
 * that esbuild could not see. Gathers the rules of check-*.ts.
 * Invariant: a bundle without findings parses on the interpreter and names nothing that the board lacks.
 */
import { parse, type Node } from 'acorn';
import { analyze } from 'eslint-scope';
import { checkArrows, checkClosures } from './check-closures';
import { checkGlobals, checkMembers, checkReservedNames } from './check-names';
import { checkOrder } from './check-order';
import { checkSyntax } from './check-syntax';
import type { BoardApi } from './espruino-api';
import type { Finding, Report } from './finding';

export { describeFindings, type Finding } from './finding';

const ECMA_VERSION = 2022;

/** All findings, in the order of the code. */
export function checkBundle(code: string, api: BoardApi): Finding[] {
  const findings = new Map<string, Finding>();
  const report: Report = (rule, node, message) => {
    findings.set(`${node.start} ${rule}`, { rule, message, at: node.start });
  };
  let program: Node;
  try {
    program = parse(code, { ecmaVersion: ECMA_VERSION, sourceType: 'script', ranges: true, locations: true });
  } catch (error) {
    const at = (error as { pos?: number }).pos ?? 0;
    return [{ rule: 'syntax', message: (error as Error).message, at }];
  }
  const scopes = analyze(program, {
    ecmaVersion: ECMA_VERSION,
    sourceType: 'script',
    ignoreEval: true,
    nodejsScope: true,
  });
  checkSyntax(program, report);
  checkReservedNames(program, report);
  checkClosures(scopes, report);
  checkArrows(program, report);
  checkOrder(scopes, report);
  checkGlobals(scopes, api, report);
  checkMembers(program, scopes, api, report);
  return [...findings.values()].sort((left, right) => left.at - right.at);
}
