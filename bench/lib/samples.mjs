// Runner and report: reads the samples of one measurement. Pure.
import { median, pairedRatio } from './stats.mjs';

/**
 * @typedef {{ round: number, subject: string } & Record<string, unknown>} Sample of one subject in one round
 * @typedef {{ id: string, name: string, samples: readonly Sample[] }} SubjectSamples
 * @typedef {{ goal: string, measured: string, met: boolean }} Goal
 */

/**
 * The samples by subject, in the order of `subjects`, without those that have none.
 *
 * @param {readonly { id: string, name: string }[]} subjects
 * @param {readonly Sample[]} samples
 * @returns {SubjectSamples[]}
 */
export function bySubject(subjects, samples) {
  return subjects
    .map(({ id, name }) => ({
      id,
      name,
      samples: samples.filter(({ subject }) => subject === id),
    }))
    .filter((each) => each.samples.length > 0);
}

/** @param {SubjectSamples} subject @param {string} field of a sample, a number */
function valuesOf(subject, field) {
  return subject.samples.map((sample) => sample[field]);
}

/** @param {SubjectSamples} subject @param {string} field */
export function medianOf(subject, field) {
  return median(valuesOf(subject, field));
}

/** @param {SubjectSamples} subject @param {string} field */
export function maxOf(subject, field) {
  return Math.max(...valuesOf(subject, field));
}

/** @param {SubjectSamples} subject @param {string} field */
export function minOf(subject, field) {
  return Math.min(...valuesOf(subject, field));
}

/**
 * How many times `other`'s value `own`'s is, as the median over the rounds.
 *
 * @param {SubjectSamples | undefined} own
 * @param {SubjectSamples | undefined} other
 * @param {string} field
 */
export function ratioOf(own, other, field) {
  if (own === undefined || other === undefined) return undefined;
  const byRound = ({ samples }) => new Map(samples.map((sample) => [sample.round, sample[field]]));
  return pairedRatio(byRound(own), byRound(other));
}

/**
 * @param {string} goal
 * @param {number | undefined} value undefined when it was not measured; then there is no goal
 * @param {(value: number) => boolean} isMet
 * @param {(value: number) => string} show
 * @returns {Goal[]}
 */
export function goalOf(goal, value, isMet, show) {
  return value === undefined ? [] : [{ goal, measured: show(value), met: isMet(value) }];
}
