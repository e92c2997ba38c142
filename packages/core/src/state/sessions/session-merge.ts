// Any process that runs the app: two requests have changed one session: what it is then. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { SessionData } from './session-data.js';

/**
 * A three-way merge of the session's own properties: what `mine` has changed since `base` is mine, the
 * rest is `theirs`. Where both have changed the same property, the later save wins, which is mine.
 *
 * @param base what both began with; undefined when that is not known: everything is mine then, and only
 *   what mine does not have is theirs
 */
export function mergeSessions(
  base: SessionData | undefined,
  mine: SessionData,
  theirs: SessionData,
): SessionData {
  const merged = new Map<string, unknown>(Object.entries(theirs));
  for (const property of new Set([...Object.keys(base ?? {}), ...Object.keys(mine)])) {
    const isMine =
      base === undefined || !isDeepStrictEqual(valueOf(mine, property), valueOf(base, property));
    if (!isMine) continue;
    if (Object.hasOwn(mine, property)) merged.set(property, mine[property]);
    else merged.delete(property);
  }
  return { ...Object.fromEntries(merged), cookie: mine.cookie };
}

/** Its own, not what `constructor` and the like are to every object. */
function valueOf(session: SessionData, property: string): unknown {
  return Object.hasOwn(session, property) ? session[property] : undefined;
}
