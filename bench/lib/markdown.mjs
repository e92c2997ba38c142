// Runner and report: a result as Markdown, all of it derived from the samples. Pure.
import { measurements } from '../measurements/index.mjs';
import { bySubject, medianOf } from './samples.mjs';
import { number, toTable } from './table.mjs';

/**
 * @typedef {object} BenchResult what a run writes as JSON
 * @property {1} schema
 * @property {string} startedAt ISO 8601
 * @property {'full' | 'quick'} mode
 * @property {number} tookMs
 * @property {Awaited<ReturnType<typeof import('./machine.mjs').describeMachine>>} machine
 * @property {import('./rounds.mjs').MeasurementResult[]} measurements
 */

/** @param {BenchResult} result */
export function toMarkdown(result) {
  return [
    describe(result),
    ...result.measurements.map(measurementToMarkdown),
    '### Where others are better',
    whereOthersAreBetter(result),
  ].join('\n\n');
}

/** @param {BenchResult} result */
function describe({ machine, mode, startedAt, tookMs }) {
  const rows = [
    ['CPU', `${machine.cpu}, ${machine.cores} cores`],
    ['Memory', `${number(machine.memoryBytes / 1024 ** 3, 1)} GiB`],
    ['System', `${machine.system}, ${machine.kernel}`],
    ['Load average before', number(machine.loadAverage, 2)],
    ['Node.js', machine.node],
    ['PM2, wattpm', `${machine.pm2}, ${machine.wattpm}`],
    ['Corral', machine.corralCommit],
    ['Workers', String(machine.workers)],
    ['Client', `${machine.client}, on the same machine`],
    ['Measured', `${startedAt.slice(0, 10)}, ${mode} run of ${number(tookMs / 60_000, 1)} minutes`],
  ];
  return rows.map(([name, value]) => `- ${name}: ${value}`).join('\n');
}

/** @param {import('./rounds.mjs').MeasurementResult} result */
export function measurementToMarkdown({ id, plan, samples, failures, skipped }) {
  const measurement = measurements.find((each) => each.id === id);
  const parts = [`### ${measurement.title} (\`${id}\`)`, measurement.what, describePlan(plan)];
  if (samples.length > 0) {
    const { head, rows, goals } = measurement.tabulate(samples);
    parts.push(toTable(head, rows));
    if (goals.length > 0) parts.push(goals.map(describeGoal).join('\n'));
  }
  if (skipped.length > 0) parts.push(skipped.map(describeSkipped).join('\n'));
  if (failures.length > 0) parts.push(failures.map(describeFailure).join('\n'));
  return parts.join('\n\n');
}

function describePlan({ rounds, ...plan }) {
  const rest = Object.entries(plan).map(([name, value]) => `${name} ${number(value)}`);
  return `${rounds} ${rounds === 1 ? 'round' : 'rounds'}; ${rest.join(', ')}.`;
}

/** @param {import('./samples.mjs').Goal} goal */
function describeGoal({ goal, measured, met }) {
  return `- ${met ? 'Reached' : '**Not reached**'}: ${goal}; measured: ${measured}`;
}

function describeFailure({ round, subject, error }) {
  return `- **Could not be measured**: ${subject}, round ${round}: ${error.split('\n')[0]}`;
}

function describeSkipped({ subject, reason }) {
  return `- Left out: ${subject}, which ${reason}`;
}

/** By the medians, however small the difference. @param {BenchResult} result */
function whereOthersAreBetter(result) {
  const lines = result.measurements.flatMap(({ id, samples }) => {
    const { title, subjects, comparisons } = measurements.find((each) => each.id === id);
    const found = bySubject(subjects, samples);
    const corral = found.find((each) => each.id === 'corral-slots');
    if (corral === undefined) return [];
    return comparisons.flatMap((comparison) => {
      const better = found.filter((each) => isBetter(each, corral, comparison));
      if (better.length === 0) return [];
      const { what, field, show } = comparison;
      const figures = better.map((each) => `${each.name} ${show(medianOf(each, field))}`);
      return `- ${title}, ${what}: Corral (slots) ${show(medianOf(corral, field))}; ${figures.join(', ')}`;
    });
  });
  return lines.length === 0 ? 'Nowhere, in this run.' : lines.join('\n');
}

/**
 * @param {import('./samples.mjs').SubjectSamples} other
 * @param {import('./samples.mjs').SubjectSamples} corral
 * @param {import('../measurements/index.mjs').Comparison} comparison
 */
function isBetter(other, corral, { field, best }) {
  // Corral's other mode is no other.
  if (other.id.startsWith('corral-')) return false;
  const difference = medianOf(other, field) - medianOf(corral, field);
  return best === 'highest' ? difference > 0 : difference < 0;
}
