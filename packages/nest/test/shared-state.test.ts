import { describeStateAdapterContract } from '@corral/test-kit/state-adapter-contract';

for (const platform of ['express', 'fastify']) {
  describeStateAdapterContract(`Nest on platform-${platform}`, {
    fixture: new URL('../dist-fixtures/shared-state.js', import.meta.url),
    args: [platform],
  });
}
