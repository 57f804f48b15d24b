import { randomBytes } from 'node:crypto';

/**
 * Request ids of 32 hex digits: 16 random ones chosen when the worker starts, then a counter. Unique
 * without asking for randomness on every request.
 */
export function requestIds(): () => string {
  const prefix = randomBytes(8).toString('hex');
  let high = randomBytes(2).readUInt16BE();
  let low = 0;
  let head = prefix + hex(high, 8);
  return () => {
    low += 1;
    if (low === 0x1_0000_0000) {
      low = 0;
      high += 1;
      head = prefix + hex(high, 8);
    }
    return head + hex(low, 8);
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
