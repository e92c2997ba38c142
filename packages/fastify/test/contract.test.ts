import { describeAdapterContract } from '@corral/test-kit/adapter-contract';

describeAdapterContract('Fastify 5', {
  fixture: new URL('fixtures/contract.mjs', import.meta.url),
  frameworkAnswers: {
    error: /^\{"statusCode":500,"error":"Internal Server Error","message":"contract"\}$/,
    notFound: /^\{"message":"Route \w+:\S+ not found","error":"Not Found","statusCode":404\}$/,
  },
});
