/**
 * `npm run ledger:check`: proves the books (orders/audit.ts). Lists what is wrong, last line JSON; exits 1 when
 * anything is.
 */
import { command } from '../../scripts/command-line';
import { audit } from '../orders/audit';
import { startSentence } from '../start-error';
import { systemClock } from '../time';
import { withCore } from './open';

async function main(): Promise<void> {
  command('ledger:check', 'proves the books of the database that the environment names').parse();
  const [report, openDifferences] = await withCore(async (core) => [
    await audit(core.database.db, systemClock.nowMs()),
    await core.reconciliation.openCount(),
  ]);
  const faults: [string, readonly (string | number)[]][] = [
    ['ledger entry is not sound', report.unsound],
    ['ledger does not say what the state says', report.mismatched],
    ['event log has a gap', report.brokenLogs],
    ['stuck past its bound', report.stuck],
    ['refund under way for more than two weeks', report.slowRefunds],
  ];
  for (const [what, which] of faults) for (const each of which) process.stdout.write(`${what}: ${each}\n`);
  const { unsound, mismatched, brokenLogs, stuck, slowRefunds, ...rest } = report;
  const line = {
    ...rest,
    unsound: unsound.length,
    mismatched: mismatched.length,
    brokenLogs: brokenLogs.length,
    stuck: stuck.length,
    slowRefunds: slowRefunds.length,
    // No fault of the books: the provider's bills say otherwise (npm run admin -- differences).
    openDifferences,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  process.exitCode = report.violations === 0 ? 0 : 1;
}

main().catch((error: Error) => {
  process.stderr.write(`ledger:check: ${startSentence(error) ?? error.message}\n`);
  process.exitCode = 2;
});
