// Worker: logging in and out, with a session that every worker knows.
import { readUser } from '@corral/example-shared';
import express from 'express';
import type { Router } from 'express';

declare module 'express-session' {
  interface SessionData {
    user: string;
  }
}

export function accounts(workerId: number): Router {
  const router = express.Router();

  router.post('/login', express.json(), (req, res, next) => {
    const input = readUser(req.body);
    if (!input.ok) {
      res.status(400).json(input.error);
      return;
    }
    // A new id: one that somebody has slipped the user before is worth nothing then.
    req.session.regenerate((error: unknown) => {
      if (error != null) {
        next(error);
        return;
      }
      req.session.user = input.user;
      res.json({ worker: workerId, user: input.user });
    });
  });

  router.get('/me', (req, res) => {
    res.json({ worker: workerId, user: req.session.user ?? null });
  });

  router.post('/logout', (req, res, next) => {
    req.session.destroy((error: unknown) => {
      if (error != null) next(error);
      else res.json({ worker: workerId, user: null });
    });
  });

  return router;
}
