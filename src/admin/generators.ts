import { randomBytes, randomUUID } from 'node:crypto';
import type { Generators } from '../schema/index.ts';

/** Version 4 UUIDs, the system's clock, and secrets of 192 random bits. */
export const systemGenerators: Generators = {
  uuid: () => randomUUID(),
  now: () => Math.floor(Date.now() / 1000),
  nowMs: () => Date.now(),
  secret: () => randomBytes(24).toString('base64url'),
};
