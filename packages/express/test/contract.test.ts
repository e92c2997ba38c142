import { describeAdapterContract } from '@corral/test-kit/adapter-contract';

for (const [name, from] of [
  ['Express 5', 'express'],
  ['Express 4', 'express4'],
] as const) {
  describeAdapterContract(name, {
    fixture: new URL('fixtures/contract.mjs', import.meta.url),
    args: [from],
    frameworkAnswers: {
      error: /<pre>Error: contract<br>/,
      notFound: /<pre>Cannot (?:GET|POST) \S+<\/pre>/,
    },
  });
}
