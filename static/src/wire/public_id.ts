// What others see of a tab's id: the first letters of its SHA-256, as mapsrv/wire/said.py makes them. By hand, since the
// browser's own is there only under https and on localhost, and a page must know itself in a list of people anywhere.

const LETTERS = 16;
const WORDS = 64; // of a schedule, and rounds

export const publicId = (viewer: string): string => sha256(new TextEncoder().encode(viewer)).slice(0, LETTERS);

/** FIPS 180-4, section 6.2; its constants are the fractions of roots of the first primes. */
export function sha256(bytes: Uint8Array): string {
  const view = new DataView(padded(bytes).buffer);
  const hash = START.slice();
  for (let at = 0; at < view.byteLength; at += WORDS) block(view, at, hash);
  return Array.from(hash, (word) => word.toString(16).padStart(8, "0")).join("");
}

function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(Math.ceil((bytes.length + 9) / WORDS) * WORDS);
  result.set(bytes);
  result[bytes.length] = 0x80;
  new DataView(result.buffer).setUint32(result.length - 4, bytes.length * 8);
  return result;
}

function block(view: DataView, at: number, hash: Uint32Array): void {
  const words = new Uint32Array(WORDS);
  for (let i = 0; i < WORDS; i++) {
    if (i < 16) words[i] = view.getUint32(at + i * 4);
    else {
      const [two, fifteen] = [words[i - 2]!, words[i - 15]!];
      const small1 = turned(two, 17) ^ turned(two, 19) ^ (two >>> 10);
      const small0 = turned(fifteen, 7) ^ turned(fifteen, 18) ^ (fifteen >>> 3);
      words[i] = small1 + words[i - 7]! + small0 + words[i - 16]!;
    }
  }
  let [a, b, c, d, e, f, g, h] = hash as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < WORDS; i++) {
    const big1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const one = (h + big1 + ((e & f) ^ (~e & g)) + ROUNDS[i]! + words[i]!) >>> 0;
    const big0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const two = (big0 + ((a & b) ^ (a & c) ^ (b & c))) >>> 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) >>> 0, c, b, a, (one + two) >>> 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => (hash[i]! += value));
}

const turned = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32);
const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter((n) => n > 1 && !Array.from({ length: n }, (_, d) => d).some((d) => d > 1 && n % d === 0));
const START = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const ROUNDS = Uint32Array.from(PRIMES.slice(0, WORDS), (prime) => fraction(Math.cbrt(prime)));
