import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseConfigFile } from './config-file.js';

const YAML = `log:
  level: debug # a comment
servers:
  - host: a
    port: eighty
`;
const JSON_TEXT = `{
\t"log": { "level": "debug" },
\t"servers": [{ "host": "a", "port": "eighty" }]
}`;
const CONTENT = { log: { level: 'debug' }, servers: [{ host: 'a', port: 'eighty' }] };

describe('a configuration file', () => {
  it.each([
    ['config.yaml', YAML],
    ['config.yml', JSON_TEXT.replaceAll('\t', '  ')],
    ['config.json', JSON_TEXT],
  ])('%s is read', async (path, text) => {
    expect((await parseConfigFile(path, text)).content).toEqual(CONTENT);
  });

  it.each([['config.yaml'], ['config.json']])('%s may be empty', async (path) => {
    expect((await parseConfigFile(path, '\n')).content).toEqual({});
  });

  it('knows where a value is written, or should be', async () => {
    const issue = (path: string) => ({ path, message: 'x' });
    const yaml = await parseConfigFile('config.yaml', YAML);
    const at = yaml
      .locate([issue('servers.0.port'), issue('servers.0.tls'), issue('log.level'), issue('')])
      .map((located) => located.at);
    expect(at).toEqual([
      'config.yaml:5:11',
      'config.yaml:4:5',
      'config.yaml:2:10',
      'config.yaml:1:1',
    ]);
    const json = await parseConfigFile('config.json', JSON_TEXT);
    expect(json.locate([issue('servers.0.port')])[0]?.at).toBe('config.json:3:37');
  });

  it.each([
    ['config.yaml', 'a: 1\nb: [1,\nc: 2', /config\.yaml:3:\d+/],
    ['config.yaml', 'a: 1\na: 2\n', /config\.yaml:2:1.*unique/],
    ['config.json', '{\n  "a": 1,\n  "b" 2\n}', /config\.json:3:\d+/],
    ['config.json', '{\n  "a": 1,\n', /config\.json:3:1/],
    // YAML has these, JSON has not.
    [
      'config.json',
      '{\n  "a": 1, // one\n}',
      /config\.json:2:11: is no JSON: a name in double quotes/,
    ],
    ['config.json', 'a: 1', /config\.json:1:1/],
    ['config.json', "{\n  'a': 1\n}", /config\.json:2:3: .*a name in double quotes or '}' is/],
  ])('%s that is no such thing is refused, with its line: %j', async (path, text, message) => {
    await expect(parseConfigFile(path, text)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message) as unknown,
    });
  });

  it.each([
    ['config.json', `{\n  'password': 'hunter2'\n}`, 2],
    ['config.json', `{\n  "password": 'hunter2'\n}`, 2],
    ['config.json', '{\n  "password": "hunter2" "x"\n}', 2],
    ['config.json', 'hunter2', 1],
    ['config.yaml', 'a: 1\npassword: *hunter2\n', 2],
    ['config.yaml', 'a: &x 1\nb: *x\npassword: *hunter2\n', 3],
    ['config.yaml', 'password: !hunter2! x', 1],
    ['config.yaml', 'password: "\\hunter2"', 1],
    ['config.yaml', 'password: "\\xhunter2"', 1],
    ['config.yaml', 'password: |hunter2\n  x', 1],
    ['config.yaml', 'password: @hunter2', 1],
    ['config.yaml', 'password: "x" hunter2', 1],
    ['config.yaml', '%TAG hunter2\n---\na: 1', 1],
    ['config.yaml', 'a: 1\n---\npassword: hunter2', 2],
  ])(
    '%s that is refused is not quoted, for there may be secrets in it: %j',
    async (path, text, line) => {
      const error: unknown = await parseConfigFile(path, text).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(`${path}:${line}:`) as unknown,
      });
      expect(inspect(error, { depth: null })).not.toContain('unter2');
    },
  );

  it('warns of nothing with names in it', async () => {
    const warned: unknown[] = [];
    const listener = (warning: unknown): void => void warned.push(warning);
    process.on('warning', listener);
    await parseConfigFile('config.yaml', '? [hunter2]\n: 1\n');
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    process.off('warning', listener);
    expect(warned).toEqual([]);
  });

  it('with more aliases than anybody writes is refused', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef']) {
      bomb.push(`${to}: &${to} [${Array.from({ length: 10 }, () => `*${from}`).join(', ')}]`);
    }
    await expect(parseConfigFile('config.yaml', bomb.join('\n'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});
