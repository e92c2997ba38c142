// Any process: a promise that resolves when `one()` has been called so many times.
export function deferred(count) {
  let left = count;
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  const one = () => {
    left -= 1;
    if (left === 0) resolve();
  };
  return { promise, one };
}
