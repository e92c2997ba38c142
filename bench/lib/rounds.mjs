// Runner: lets the subjects of a measurement take turns: A B C … A B C …, each started anew every time.

/**
 * @typedef {object} MeasurementResult
 * @property {string} id of the measurement
 * @property {import('../measurements/index.mjs').Plan} plan
 * @property {import('./samples.mjs').Sample[]} samples
 * @property {{ round: number, subject: string, error: string }[]} failures subjects that did not start, or
 *   could not be measured
 * @property {{ subject: string, reason: string }[]} skipped subjects that cannot run here
 * @property {number} tookMs
 */

/**
 * @param {import('../measurements/index.mjs').Measurement} measurement
 * @param {object} settings
 * @param {import('../measurements/index.mjs').Plan} settings.plan
 * @param {readonly import('../contestants/program.mjs').Subject[]} settings.subjects
 * @param {number} settings.workers
 * @param {import('./throughput.mjs').ThroughputClient} settings.client
 * @param {(line: string) => void} settings.say
 * @returns {Promise<MeasurementResult>}
 */
export async function runRounds(measurement, { plan, subjects, workers, client, say }) {
  const startMs = performance.now();
  const samples = [];
  const failures = [];
  const skipped = [];
  const takingPart = [];
  for (const subject of subjects) {
    const reason = subject.unavailable?.();
    if (reason === undefined) takingPart.push(subject);
    else skipped.push({ subject: subject.id, reason });
  }
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const subject of takingPart) {
      const label = `${measurement.id} ${round}/${plan.rounds} ${subject.id}`;
      try {
        const sample = await takeSample(measurement, subject, { plan, workers, client });
        samples.push({ round, subject: subject.id, ...sample });
        say(`${label} ${JSON.stringify(sample)}`);
      } catch (error) {
        failures.push({ round, subject: subject.id, error: error.message });
        say(`${label} FAILED: ${error.message}`);
      }
    }
  }
  const tookMs = performance.now() - startMs;
  return { id: measurement.id, plan, samples, failures, skipped, tookMs };
}

async function takeSample(measurement, subject, { plan, workers, client }) {
  const running = await subject.start({ workers, corral: measurement.corral });
  try {
    return await measurement.measure(running, plan, { client });
  } finally {
    await running.stop();
  }
}
