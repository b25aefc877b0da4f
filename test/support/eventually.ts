/** Resolves with the first value of `probe` that `isEnough`; fails with the last one seen when that takes longer than `limitMs`. */
export async function eventually<T>(probe: () => T | Promise<T>, isEnough: (value: T) => boolean, limitMs = 20_000): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (isEnough(value)) return value;
    if (Date.now() > end) throw new Error(`Still not so after ${limitMs} ms: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
