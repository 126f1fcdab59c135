/* Elementary functions from + − × ÷ and the square root alone. IEEE 754 leaves no choice how
   these are rounded, so that every browser gives the same bits. Math.exp and its like may differ. */
((lab) => {
  "use strict";

  // ln 2 as a sum. The first part has 40 bits: a product with a whole number below 2^13 is exact.
  const LN2_HIGH = 0.6931471805592082, LN2_LOW = 7.371002565167799e-13;
  const PER_LN2 = 1.4426950408889634;

  const LOWEST = -1022, HIGHEST = 1023;
  const POWERS = new Float64Array(HIGHEST - LOWEST + 1);
  POWERS[-LOWEST] = 1;
  for (let k = 1; k <= HIGHEST; k++) POWERS[k - LOWEST] = 2 * POWERS[k - 1 - LOWEST];
  for (let k = -1; k >= LOWEST; k--) POWERS[k - LOWEST] = POWERS[k + 1 - LOWEST] / 2;

  /* Returns x 2^k. */
  function timesPower(x, k) {
    if (k >= LOWEST && k <= HIGHEST) return x * POWERS[k - LOWEST];
    if (k < LOWEST) return k < 2 * LOWEST ? 0 * x : x * POWERS[0] * POWERS[k - 2 * LOWEST];
    return k > 2 * HIGHEST ? x * Infinity : x * POWERS[HIGHEST - LOWEST] * POWERS[k - HIGHEST - LOWEST];
  }

  const view = new DataView(new ArrayBuffer(8));

  /* Returns the k for which |x| is in [2^(k - 1), 2^k); x is finite and not 0. */
  function exponent(x) {
    view.setFloat64(0, x);
    const k = view.getInt32(0) >>> 20 & 2047;
    return k ? k - 1022 : exponent(x * POWERS[54 - LOWEST]) - 54;
  }

  /* (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2, from the series: 1/2! + r/3! + ... + r^11/13!. */
  const FACTORIALS = [1];
  for (let n = 1; n <= 13; n++) FACTORIALS.push(n * FACTORIALS[n - 1]);
  const [, , E2, E3, E4, E5, E6, E7, E8, E9, E10, E11, E12, E13] = FACTORIALS.map((n) => 1 / n);
  function tail(r, square) {
    return E2 + E3 * r + square * (E4 + E5 * r + square * (E6 + E7 * r + square * (
      E8 + E9 * r + square * (E10 + E11 * r + square * (E12 + E13 * r)))));
  }

  /* exp(x) = 2^k exp(r) with r = x - k ln 2, whose rounding error is `lost`. */
  function exp(x) {
    if (!(x > -745.2)) return x < 0 ? 0 : x;
    if (x > 709.8) return Infinity;
    const k = Math.floor(x * PER_LN2 + 0.5);
    const high = x - k * LN2_HIGH, low = k * LN2_LOW, r = high - low, lost = high - r - low;
    const square = r * r;
    return timesPower(1 + (r + (square * tail(r, square) + lost)), k);
  }

  /* exp(x) - 1 = 2^k (exp(r) - 1) + (2^k - 1). */
  function expm1(x) {
    if (x < -40) return -1;
    if (!(x < 40)) return exp(x);
    const k = Math.floor(x * PER_LN2 + 0.5);
    if (k === 0) return x + x * x * tail(x, x * x);
    const high = x - k * LN2_HIGH, low = k * LN2_LOW, r = high - low, lost = high - r - low;
    const square = r * r, power = POWERS[k - LOWEST];
    return power * (r + (square * tail(r, square) + lost)) + (power - 1);
  }

  /* log(1 + f) for f from -0.3 to 0.42. With s = f / (2 + f) it is 2 artanh s = 2s + s R, where
     R = 2 s^2/3 + 2 s^4/5 + ..., and 2s = f - s f: what is rounded is small beside f. */
  function logNearOne(f) {
    const s = f / (2 + f), z = s * s;
    let sum = 2 / 23;
    for (let n = 21; n >= 3; n -= 2) sum = sum * z + 2 / n;
    return f - s * (f - z * sum);
  }

  /* log(x) = k ln 2 + log(m) with m from sqrt(1/2) to sqrt(2). */
  function log(x) {
    if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : NaN;
    let k = exponent(x), m = timesPower(x, -k);
    if (m < Math.SQRT1_2) {
      m *= 2;
      k -= 1;
    }
    return k * LN2_HIGH + (logNearOne(m - 1) + k * LN2_LOW);
  }

  /* log(1 + x): what 1 + x was rounded by is put right. */
  function log1p(x) {
    if (x > -0.29 && x < 0.41) return logNearOne(x);
    const u = 1 + x;
    return u > 0 && u < Infinity ? log(u) + (x - (u - 1)) / u : log(u);
  }

  function tanh(x) {
    const a = Math.abs(x);
    let t;
    if (a < 0.55) {
      const e = expm1(-2 * a);
      t = -e / (2 + e);
    } else {
      const z = exp(-2 * a);
      t = 1 - 2 * z / (1 + z);
    }
    return x < 0 ? -t : t;
  }

  Object.assign(lab, { exp, expm1, log, log1p, tanh, exponent, timesPower });
})(globalThis.Laboratory ??= {});
