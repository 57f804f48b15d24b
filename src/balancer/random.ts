/** Whole numbers from 0 to 2³² − 1 that are spread well and cheap, not hard to guess (Marsaglia's xorshift). */
export function cheapRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
