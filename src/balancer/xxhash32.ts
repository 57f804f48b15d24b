const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

/** The 32-bit xxHash (XXH32, seed 0) of the text's UTF-8 bytes, as a number from 0 to 2³² − 1. */
export function xxhash32(text: string): number {
  const bytes = Buffer.from(text, 'utf8');
  const { length } = bytes;
  let at = 0;
  let hash: number;
  if (length >= 16) {
    let lane1 = (prime1 + prime2) | 0;
    let lane2 = prime2 | 0;
    let lane3 = 0;
    let lane4 = -prime1 | 0;
    for (; at + 16 <= length; at += 16) {
      lane1 = round(lane1, bytes.readInt32LE(at));
      lane2 = round(lane2, bytes.readInt32LE(at + 4));
      lane3 = round(lane3, bytes.readInt32LE(at + 8));
      lane4 = round(lane4, bytes.readInt32LE(at + 12));
    }
    hash = (rotate(lane1, 1) + rotate(lane2, 7) + rotate(lane3, 12) + rotate(lane4, 18)) | 0;
  } else hash = prime5 | 0;
  hash = (hash + length) | 0;
  for (; at + 4 <= length; at += 4) {
    hash = (hash + Math.imul(bytes.readInt32LE(at), prime3)) | 0;
    hash = Math.imul(rotate(hash, 17), prime4);
  }
  for (; at < length; at += 1) {
    hash = (hash + Math.imul(bytes[at] ?? 0, prime5)) | 0;
    hash = Math.imul(rotate(hash, 11), prime1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, prime2)) | 0, 13), prime1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
