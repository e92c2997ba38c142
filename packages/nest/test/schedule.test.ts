// Process test: of the handlers that all workers schedule, one runs each time.
import { spawnFixture, waitFor } from '@corral/test-kit';
import { expect, it, onTestFinished } from 'vitest';

it('runs a handler in one worker for each tick', async () => {
  const fixture = spawnFixture(new URL('../dist-fixtures/schedule.js', import.meta.url), {
    env: { LOG_LEVEL: 'warn' },
  });
  onTestFinished(async () => {
    await fixture.close();
  });
  await fixture.nextEvent('started');
  const count = (what: string): number =>
    fixture.stdout.split('\n').filter((line) => line === what).length;
  await waitFor(() => count('once') >= 3 && count('interval') >= 2, { what: () => fixture.output });

  fixture.kill('SIGTERM');
  const { claimed } = await fixture.nextEvent('claimed');
  expect(await fixture.waitForExit()).toEqual({ code: 0, signal: null });
  expect(count('once')).toBe(claimed);
  expect(count('once')).toBeLessThan(count('everywhere'));
  expect(count('interval')).toBeLessThan(count('everywhere'));
});
