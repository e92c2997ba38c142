// The configuration's contestant "process.send": a message to each worker, and an answer from each.
import cluster from 'node:cluster';
import { deferred } from './deferred.mjs';
import { initial, measureOnRequest } from './config-rounds.mjs';
import { workers } from './settings.mjs';

let current = initial;

if (cluster.isPrimary) {
  cluster.setupPrimary({ serialization: 'advanced' });
  const waiting = new Map();
  const ready = deferred(workers);
  for (let i = 0; i < workers; i++) {
    cluster.fork().on('message', ({ answer }) => {
      if (answer === 0) ready.one();
      else waiting.get(answer).one();
    });
  }
  await ready.promise;
  measureOnRequest(async (counter) => {
    const answers = deferred(workers);
    waiting.set(counter, answers);
    const next = { ...initial, counter };
    for (const worker of Object.values(cluster.workers)) worker.send({ next });
    await answers.promise;
    waiting.delete(counter);
  });
} else {
  process.on('message', ({ next }) => {
    current = next;
    process.send({ answer: current.counter });
  });
  process.send({ answer: current.counter });
}
