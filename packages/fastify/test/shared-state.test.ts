import { describeStateAdapterContract } from '@corral/test-kit/state-adapter-contract';

describeStateAdapterContract('Fastify', {
  fixture: new URL('fixtures/shared-state.mjs', import.meta.url),
});
