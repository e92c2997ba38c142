import fs from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
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

/** Which of the files that container engines make there are. */
function withFiles(...paths: string[]): void {
  vi.spyOn(fs, 'existsSync').mockImplementation((path) => paths.includes(String(path)));
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the defaults', () => {
  it.each([
    [[], false],
    [['/.dockerenv'], true],
    [['/run/.containerenv'], true],
  ])('know a container by the file that its engine makes: %j', (paths, inContainer) => {
    withFiles(...paths);
    expect(readDefaults({})).toEqual({ onKubernetes: false, inContainer });
  });

  it('know Kubernetes by its variable, which is a container too', () => {
    withFiles();
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    expect(readDefaults(env)).toEqual({ onKubernetes: true, inContainer: true });
  });

  it('know a container by the variable that its manager sets', () => {
    withFiles();
    expect(readDefaults({ container: 'podman' })).toEqual({
      onKubernetes: false,
      inContainer: true,
    });
  });
});
