import { describeAdapterContract } from '@corral/test-kit/adapter-contract';

for (const platform of ['express', 'fastify']) {
  describeAdapterContract(`Nest 12 on platform-${platform}`, {
    fixture: new URL('../dist-fixtures/contract.js', import.meta.url),
    args: [platform],
    frameworkAnswers: {
      error: /^\{"statusCode":500,"message":"Internal server error"\}$/,
      notFound: /"message":"Cannot (?:GET|POST) \S+","error":"Not Found","statusCode":404/,
    },
  });
}
