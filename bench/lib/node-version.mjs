// Runner: what the Node.js that everything runs on can do.

/** Whether it is of one of these lines, and there not older: `atLeast([22, 19], [24, 0])`; newer majors are. */
export function isNodeAtLeast(...versions) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const newest = Math.max(...versions.map(([each]) => each));
  return major > newest || versions.some(([each, least]) => each === major && minor >= least);
}
