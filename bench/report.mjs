// By hand, after a run: turns a result into Markdown, or publishes it as the one that the docs show.
//   node bench/report.mjs RESULT.json             prints it (bench/results/reference.json without a name)
//   node bench/report.mjs RESULT.json --publish   keeps it as bench/results/reference.json and writes
//                                                 its tables into docs/benchmarks.md
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { toMarkdown } from './lib/markdown.mjs';

const root = join(import.meta.dirname, '..');
const reference = join(import.meta.dirname, 'results', 'reference.json');
const docs = join(root, 'docs', 'benchmarks.md');
const begin = '<!-- measured: begin, written by bench/report.mjs -->';
const end = '<!-- measured: end -->';

/** What stands between the markers is replaced; all the rest of the page is people's. */
function insertInto(page, markdown) {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${docs} has no lines "${begin}" and "${end}"`);
  return `${page.slice(0, from + begin.length)}\n\n${markdown}\n\n${page.slice(to)}`;
}

function publish(file, markdown) {
  if (resolve(file) !== reference) copyFileSync(file, reference);
  writeFileSync(docs, insertInto(readFileSync(docs, 'utf8'), markdown));
  // Both are checked by `npm run lint`, as every other file is.
  const formatter = join(root, 'scripts', 'tool.mjs');
  execFileSync(process.execPath, [formatter, 'oxfmt', docs, reference], { stdio: 'inherit' });
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { publish: { type: 'boolean', default: false } },
});
const file = positionals[0] ?? reference;
if (existsSync(file)) {
  const markdown = toMarkdown(JSON.parse(readFileSync(file, 'utf8')));
  if (values.publish) publish(file, markdown);
  else process.stdout.write(`${markdown}\n`);
} else {
  process.stderr.write(`There is no ${file}. Give a result of \`npm run bench\`.\n`);
  process.exitCode = 1;
}
