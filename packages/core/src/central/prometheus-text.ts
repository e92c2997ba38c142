// Primary or single process: writes metrics in Prometheus' text format, version 0.0.4. Pure.
// Own code, because what there is to install writes only what its own registry has counted: prom-client keeps one in
// each process, OpenTelemetry's exporter takes its SDK's records. The figures here are counted already.
import type { DurationHistogram } from '../offload/offload.js';

export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string | number>>;

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

/** All that is told under one name. A histogram's durations are in seconds there. */
export type Metric = { readonly name: string; readonly help: string } & (
  | { readonly type: 'counter' | 'gauge'; readonly samples: readonly Sample[] }
  | {
      readonly type: 'histogram';
      readonly samples: ReadonlyArray<{
        readonly labels?: Labels;
        readonly value: DurationHistogram;
      }>;
    }
);

/** Metrics without samples are left out. */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map((metric) => {
      const head = `# HELP ${metric.name} ${escapeHelp(metric.help)}\n# TYPE ${metric.name} ${metric.type}\n`;
      return head + linesOf(metric).join('');
    })
    .join('');
}

function linesOf(metric: Metric): string[] {
  const { name } = metric;
  return metric.type === 'histogram'
    ? metric.samples.flatMap(({ labels, value }) => histogramLines(name, labels, value))
    : metric.samples.map(({ labels, value }) => line(name, labels, value));
}

/** Buckets are cumulative here, and the last one, `+Inf`, has all. */
function histogramLines(
  name: string,
  labels: Labels | undefined,
  { boundsMs, counts, sumMs }: DurationHistogram,
): string[] {
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    const le = number((boundsMs[index] ?? Infinity) / 1_000);
    return line(`${name}_bucket`, { ...labels, le }, total);
  });
  return [
    ...buckets,
    line(`${name}_sum`, labels, sumMs / 1_000),
    line(`${name}_count`, labels, total),
  ];
}

function line(name: string, labels: Labels = {}, value: number): string {
  const pairs = Object.entries(labels).map(([key, each]) => `${key}="${escapeLabel(each)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${number(value)}\n`;
}

/** As Go reads numbers, which is as JavaScript writes them, but for the infinite ones. */
function number(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(value: string | number): string {
  return escapeHelp(String(value)).replaceAll('"', '\\"');
}
