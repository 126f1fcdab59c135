/* Random numbers from a seed: xoshiro128** of Blackman and Vigna (2021), doi 10.1145/3460772.
   A stream is a number beside the seed: each layer draws from its own, so that its weights
   stay when another layer comes or goes. */
((lab) => {
  "use strict";
  const { log, whole } = lab;

  const LARGEST_SEED = 0xffffffff;

  /* Makes of 32 bits others that look unrelated: the last step of MurmurHash3 (Appleby). */
  function mixed(h) {
    h = Math.imul(h ^ h >>> 16, 0x85ebca6b);
    h = Math.imul(h ^ h >>> 13, 0xc2b2ae35);
    return h ^ h >>> 16;
  }

  class Generator {
    constructor(seed, stream = 0) {
      let h = mixed(mixed(whole("seed", seed, 0, LARGEST_SEED)) + stream | 0);
      this.state = new Int32Array(4).map(() => mixed(h = h + 0x9e3779b9 | 0));
      this.spare = NaN;
    }

    /* 32 random bits, as a whole number from 0 to 2^32 - 1. */
    bits() {
      const s = this.state, turn = Math.imul(s[1], 5), result = Math.imul(turn << 7 | turn >>> 25, 9);
      const shifted = s[1] << 9;
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= shifted;
      s[3] = s[3] << 11 | s[3] >>> 21;
      return result >>> 0;
    }

    /* A number from 0 to below 1 with 53 random bits. */
    uniform() {
      return ((this.bits() >>> 5) * 0x4000000 + (this.bits() >>> 6)) / 0x20000000000000;
    }

    /* A standard normal number, by the polar method of Marsaglia and Bray (1964). Points are
       drawn in a square until one lies in the circle; it gives two numbers. */
    normal() {
      if (!Number.isNaN(this.spare)) {
        const kept = this.spare;
        this.spare = NaN;
        return kept;
      }
      for (;;) {
        const u = 2 * this.uniform() - 1, v = 2 * this.uniform() - 1, square = u * u + v * v;
        if (square > 0 && square < 1) {
          const factor = Math.sqrt(-2 * log(square) / square);
          this.spare = v * factor;
          return u * factor;
        }
      }
    }

    /* Puts an array into a random order (Fisher and Yates). */
    shuffle(array) {
      for (let last = array.length - 1; last > 0; last--) {
        const chosen = Math.floor(this.uniform() * (last + 1)), kept = array[last];
        array[last] = array[chosen];
        array[chosen] = kept;
      }
    }
  }

  Object.assign(lab, { Generator, LARGEST_SEED });
})(globalThis.Laboratory ??= {});
