import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPrometheusText } from '../../test/prometheus-reader.js';
import { createHistogram } from '../offload/histogram.js';
import { prometheusText } from './prometheus-text.js';
import type { Metric } from './prometheus-text.js';

/** What has to be escaped, what looks like syntax, and anything else. */
const anyText = fc.oneof(
  fc.string({
    unit: fc.constantFrom('\\', '"', '\n', 'n', '{', '}', ',', '=', ' ', '#', 'ä', '😀'),
  }),
  fc.string({ unit: 'grapheme' }),
);
const anyLabels = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), anyText, { maxKeys: 3 });

describe('the text format', () => {
  it('has help, type, and a line for each sample', () => {
    const metrics: Metric[] = [
      {
        name: 'requests_total',
        help: 'Requests.\nAll \\ of them.',
        type: 'counter',
        samples: [
          { labels: { worker: 1, path: 'C:\\"a"\n' }, value: 1.5 },
          { labels: {}, value: 1e21 },
          { value: Infinity },
        ],
      },
      { name: 'nothing', help: 'Left out.', type: 'gauge', samples: [] },
    ];
    expect(prometheusText(metrics)).toBe(
      [
        '# HELP requests_total Requests.\\nAll \\\\ of them.',
        '# TYPE requests_total counter',
        String.raw`requests_total{worker="1",path="C:\\\"a\"\n"} 1.5`,
        'requests_total 1e+21',
        'requests_total +Inf',
        '',
      ].join('\n'),
    );
    expect(prometheusText([])).toBe('');
  });

  it('is read as it was written, whatever help and labels contain', () => {
    const anySamples = fc.uniqueArray(
      fc.record({ labels: anyLabels, value: fc.double({ noNaN: true }) }),
      { selector: ({ labels }) => JSON.stringify(Object.entries(labels).sort()), minLength: 1 },
    );
    fc.assert(
      fc.property(anyText, anySamples, (help, samples) => {
        const text = prometheusText([{ name: 'm', help, type: 'gauge', samples }]);
        const { help: helpRead, type, samples: read } = readPrometheusText(text).get('m')!;
        expect({ help: helpRead, type }).toEqual({ help, type: 'gauge' });
        // -0 is written as 0.
        expect(read).toEqual(
          samples.map(({ labels, value }) => ({
            name: 'm',
            labels: { ...labels },
            value: value + 0,
          })),
        );
      }),
    );
  });
});

describe('a histogram', () => {
  it('is in seconds, and its buckets are cumulative up to +Inf', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 50 }),
        fc.dictionary(fc.constant('module'), anyText),
        (durationsMs, labels) => {
          const histogram = createHistogram();
          for (const each of durationsMs) histogram.record(each);
          const value = histogram.snapshot();
          const text = prometheusText([
            { name: 'run_seconds', help: '', type: 'histogram', samples: [{ labels, value }] },
          ]);
          const { samples } = readPrometheusText(text).get('run_seconds')!;
          const buckets = samples.filter(({ name }) => name === 'run_seconds_bucket');
          expect(buckets.at(-1)).toMatchObject({
            labels: { le: '+Inf' },
            value: durationsMs.length,
          });
          expect(buckets).toHaveLength(value.boundsMs.length + 1);
          let before = 0;
          for (const [index, { labels: ofBucket, value: cumulative }] of buckets.entries()) {
            const boundMs = value.boundsMs[index] ?? Infinity;
            const le = ofBucket['le'] === '+Inf' ? Infinity : Number(ofBucket['le']);
            expect(le * 1_000).toBeCloseTo(boundMs, 6);
            expect(cumulative).toBe(durationsMs.filter((each) => each <= boundMs).length);
            expect(cumulative).toBeGreaterThanOrEqual(before);
            expect(ofBucket).toEqual({ ...labels, le: ofBucket['le'] });
            before = cumulative;
          }
          const [sum, count] = samples.slice(buckets.length);
          expect(sum).toEqual({ name: 'run_seconds_sum', labels, value: value.sumMs / 1_000 });
          expect(count).toEqual({ name: 'run_seconds_count', labels, value: durationsMs.length });
        },
      ),
    );
  });
});
