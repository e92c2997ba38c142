// Worker: who logs in. An app of its own would check a password here.

export type ReadUser =
  | { readonly ok: true; readonly user: string }
  | {
      readonly ok: false;
      readonly error: { readonly code: 'INVALID_USER'; readonly message: string };
    };

/** Reads the JSON body of `POST /login`, as a body parser hands it over. */
export function readUser(body: unknown): ReadUser {
  const user: unknown =
    typeof body === 'object' && body !== null ? Reflect.get(body, 'user') : body;
  if (typeof user === 'string' && /^\w{1,32}$/.test(user)) return { ok: true, user };
  return {
    ok: false,
    error: {
      code: 'INVALID_USER',
      message: `user must be 1 to 32 letters or digits; send it as JSON, such as {"user":"ann"}`,
    },
  };
}
