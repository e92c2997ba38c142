import { describe, expect, it } from 'vitest';
import { chooseRole, readDefaults } from './surroundings.js';

describe('the role', () => {
  it.each([
    ['primary', 'auto', false, {}],
    ['primary', 4, false, {}],
    ['primary', { min: 1, max: 4 }, false, {}],
    ['single', 0, false, {}],
    ['single', 4, false, { CORRAL_SINGLE: '1' }],
    ['single', 'auto', false, { CORRAL_SINGLE: 'true' }],
    ['primary', 4, false, { CORRAL_SINGLE: '0' }],
    ['primary', 4, false, { CORRAL_SINGLE: '' }],
    ['worker', 'auto', true, { CORRAL_WORKER_ID: '2' }],
    // The primary has decided already.
    ['worker', 0, true, { CORRAL_WORKER_ID: '2', CORRAL_SINGLE: '1' }],
    // A worker of somebody else's cluster.
    ['single', 4, true, {}],
    // What is inherited from a worker that started this program says nothing.
    ['primary', 4, false, { CORRAL_WORKER_ID: '2' }],
  ] as const)('is %s with workers: %j, a cluster worker: %j, and %j', (role, workers, is, env) => {
    expect(chooseRole(workers, is, env)).toBe(role);
  });
});

describe('the defaults', () => {
  it('know Kubernetes by its variable, which is a container too', () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    expect(readDefaults(env)).toEqual({ onKubernetes: true, inContainer: true });
  });

  it('know a container by the variable that its manager sets', () => {
    expect(readDefaults({ container: 'podman' })).toEqual({
      onKubernetes: false,
      inContainer: true,
    });
  });
});
