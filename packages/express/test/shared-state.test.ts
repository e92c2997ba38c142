import { describeStateAdapterContract } from '@corral/test-kit/state-adapter-contract';

describeStateAdapterContract('Express', {
  fixture: new URL('fixtures/shared-state.mjs', import.meta.url),
});
