// Tests: reads Prometheus' text format, as strictly as a server does.

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadMetric {
  readonly help: string;
  readonly type: string;
  readonly samples: ReadSample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"`;
const LINE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL},?)*)\\})? (\\S+)$`, 'u');

/**
 * By the name that help and type are given for.
 *
 * @throws {Error} on a line that is wrong, a sample that belongs to no metric, and a series that is there twice
 */
export function readPrometheusText(text: string): ReadonlyMap<string, ReadMetric> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end');
  const metrics = new Map<string, ReadMetric>();
  const series = new Set<string>();
  const lines = text.split('\n').slice(0, -1);
  let current = '';
  let help = '';
  for (const line of lines) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/s.exec(line) ?? [];
    if (kind === 'HELP') {
      [current, help] = [name, unescape(rest)];
    } else if (kind === 'TYPE') {
      if (name !== current || metrics.has(name)) throw new Error(`not where it belongs: ${line}`);
      metrics.set(name, { help, type: rest, samples: [] });
    } else {
      const sample = readSample(line);
      const metric = metrics.get(current);
      const suffix = metric?.type === 'histogram' ? /^_(?:bucket|sum|count)$/ : /^$/;
      if (metric === undefined || !sample.name.startsWith(current)) throw new Error(line);
      if (!suffix.test(sample.name.slice(current.length))) throw new Error(line);
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (series.has(key)) throw new Error(`there twice: ${line}`);
      series.add(key);
      metric.samples.push(sample);
    }
  }
  return metrics;
}

/** The value of each series, by what identifies it. */
export function seriesOf(metrics: ReadonlyMap<string, ReadMetric>): ReadonlyMap<string, number> {
  const all = [...metrics.values()].flatMap(({ samples }) => samples);
  return new Map(
    all.map(({ name, labels, value }) => {
      const pairs = Object.entries(labels).map(([key, each]) => `${key}=${each}`);
      return [pairs.length === 0 ? name : `${name}{${pairs.join()}}`, value];
    }),
  );
}

function readSample(line: string): ReadSample {
  const match = LINE.exec(line);
  if (match === null) throw new Error(`not a sample: ${line}`);
  const [, name = '', pairs = ''] = match;
  const labels: Record<string, string> = {};
  for (const [, key = '', value = ''] of pairs.matchAll(new RegExp(LABEL, 'gu'))) {
    labels[key] = unescape(value);
  }
  const value = { '+Inf': Infinity, '-Inf': -Infinity }[match.at(-1)!] ?? Number(match.at(-1));
  return { name, labels, value };
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
