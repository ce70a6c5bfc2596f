/**
 * All findings, and the document made of them (generated/calculations.md). Invariant: every finding of every
 * calculation is in it; the test that runs them uses the same list.
 */
import { antennaFindings } from './antenna';
import { burstFindings } from './burst';
import { converterFindings } from './converter';
import { crystalFindings } from './crystals';
import { holds, type Finding, type Known } from './finding';
import { isolationFindings } from './isolation';
import { levelFindings } from './levels';
import { relayFindings } from './relay';
import { supplyFindings } from './supply';
import { trackFindings } from './tracks';

export function allFindings(): Finding[] {
  return [
    ...supplyFindings(),
    ...converterFindings(),
    ...burstFindings(),
    ...relayFindings(),
    ...levelFindings(),
    ...crystalFindings(),
    ...isolationFindings(),
    ...antennaFindings(),
    ...trackFindings(),
  ];
}

const KNOWN_TEXT: Readonly<Record<Known, string>> = {
  read: 'read',
  quoted: 'as quoted in public designs',
  memory: 'from memory, not read again',
  design: 'our own values',
};

function figure(value: number): string {
  return Number(value.toPrecision(4)).toString();
}

function limit({ least, most, unit }: Finding): string {
  const parts = [
    least === undefined ? '' : `>= ${figure(least)}`,
    most === undefined ? '' : `<= ${figure(most)}`,
  ];
  return `${parts.filter(Boolean).join(' and ')} ${unit}`.trim();
}

/** The document, one table a topic. */
export function calculationsDocument(): string {
  const findings = allFindings();
  const topics = [...new Set(findings.map((finding) => finding.topic))];
  const sections = topics.map((topic) => {
    const own = findings.filter((finding) => finding.topic === topic);
    const rows = own.map(
      (finding) =>
        `| ${finding.what} | ${figure(finding.value)} ${finding.unit} | ${limit(finding)} | ${holds(finding) ? 'holds' : 'FAILS'} |`,
    );
    const sources = new Map(
      own.flatMap((finding) => finding.sources.map((source) => [source.document, source.known])),
    );
    const list = [...sources].map(([document, known]) => `${document} (${KNOWN_TEXT[known]})`).join('; ');
    return [
      `## ${topic}`,
      '',
      '| what | value | limit | |',
      '|---|---|---|---|',
      ...rows,
      '',
      `Sources: ${list}.`,
      '',
    ].join('\n');
  });
  return [
    '# Calculations',
    '',
    'Made by `npm run hardware` from hardware/calculations/. Tested by test/hardware/.',
    '',
    ...sections,
  ].join('\n');
}
