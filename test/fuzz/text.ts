import type { Seeded } from '../support/seeded.ts';

const digits = '0123456789abcdefABCDEF';
const plain = 'abcXYZ019-._~!$&\'()*+,;=:@/?%"<>[]{}|^`\\# \t';

/** Latin1 text of up to `max` characters, mostly printable. */
export function latin1Text(random: Seeded, max: number): string {
  let text = '';
  for (let left = random.below(max + 1); left > 0; left -= 1) {
    text += random.chance(0.9) ? random.pick([...plain]) : String.fromCharCode(random.below(256));
  }
  return text;
}

export function hexDigits(random: Seeded, count: number): string {
  let text = '';
  for (let left = count; left > 0; left -= 1) text += random.pick([...digits]);
  return text;
}

/** The bytes in up to `max` pieces, cut anywhere. */
export function pieces(random: Seeded, bytes: Buffer, max: number): Buffer[] {
  const cuts = Array.from({ length: random.below(max) }, () => random.below(bytes.length + 1)).sort((a, b) => a - b);
  return [...cuts, bytes.length].map((end, index) => bytes.subarray(cuts[index - 1] ?? 0, end));
}
