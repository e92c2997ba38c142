// Both sides: what one message of the app may have.

/** A message is in the primary's memory once for each process that it goes to. */
export const MAX_MESSAGE_BYTES: number = 4 * 1024 * 1024;
