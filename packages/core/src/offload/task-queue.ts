// Any process: the calls that wait for a thread: the highest priority first, else in the order they came.

export interface TaskQueue<Task> {
  readonly size: number;
  /** What {@link shift} would return; undefined when nothing waits. */
  peek(): Task | undefined;
  /** The first that is such a one. */
  find(isWanted: (task: Task) => boolean): Task | undefined;
  push(task: Task, priority: number): void;
  shift(): Task | undefined;
  /** Takes a task out, wherever it waits; false when it does not. */
  remove(task: Task, priority: number): boolean;
}

export function createTaskQueue<Task>(): TaskQueue<Task> {
  // A set keeps its order and forgets any member at once, which a client that leaves asks for.
  const byPriority = new Map<number, Set<Task>>();
  let priorities: readonly number[] = [];
  let size = 0;

  const levelOf = (priority: number): Set<Task> => {
    const found = byPriority.get(priority);
    if (found !== undefined) return found;
    const level = new Set<Task>();
    byPriority.set(priority, level);
    priorities = [...byPriority.keys()].sort((a, b) => b - a);
    return level;
  };

  const remove = (task: Task, priority: number): boolean => {
    const level = byPriority.get(priority);
    if (level?.delete(task) !== true) return false;
    size -= 1;
    if (level.size === 0) {
      byPriority.delete(priority);
      priorities = priorities.filter((each) => each !== priority);
    }
    return true;
  };

  const peek = (): Task | undefined => {
    const highest = priorities[0];
    return highest === undefined ? undefined : byPriority.get(highest)?.values().next().value;
  };

  return {
    get size() {
      return size;
    },
    peek,
    find(isWanted) {
      for (const priority of priorities) {
        for (const task of byPriority.get(priority) ?? []) if (isWanted(task)) return task;
      }
      return undefined;
    },
    push(task, priority) {
      levelOf(priority).add(task);
      size += 1;
    },
    shift() {
      const first = peek();
      if (first !== undefined && priorities[0] !== undefined) remove(first, priorities[0]);
      return first;
    },
    remove,
  };
}
