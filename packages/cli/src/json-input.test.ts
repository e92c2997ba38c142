import { expect, it } from 'vitest';
import { readJsonInput } from './json-input.js';

function files(content: Record<string, string>): Parameters<typeof readJsonInput>[0] {
  return {
    async readInput(file) {
      const text = content[file];
      if (text === undefined) throw Object.assign(new Error('ENOENT: …'), { code: 'ENOENT' });
      return await Promise.resolve(text);
    },
  };
}

it('keeps the text as it was given', async () => {
  const io = files({ 'a.json': '\uFEFF{"a": 1.0}\n', '-': '[]' });
  expect(await readJsonInput(io, 'a.json')).toEqual({ text: '{"a": 1.0}\n', value: { a: 1 } });
  expect(await readJsonInput(io, '-')).toEqual({ text: '[]', value: [] });
});

it.each([
  ['missing.json', 'cannot read missing.json: there is no such file'],
  ['a.yaml', 'a.yaml: expected JSON; this command does not read YAML'],
  ['-', 'the standard input is not JSON; nothing was sent'],
  ['a.json', 'a.json:3:1 is not JSON; nothing was sent'],
])('says what is wrong with %s, without quoting it', async (file, message) => {
  const io = files({ 'a.json': '{\n  "a": "hunter2",\n}', '-': 'hunter2' });
  await expect(readJsonInput(io, file)).rejects.toMatchObject({ code: 'USAGE', message });
});
