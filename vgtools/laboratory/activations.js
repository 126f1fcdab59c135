/* The activation functions of the catalogue and their derivatives, by the formulas of
   vgtools.activations.kernels, which explain why no digits are lost. Left out is RReLU, which
   draws its slopes. */
((lab) => {
  "use strict";
  const { exp, expm1, log1p, tanh, real, settings } = lab;

  const UNDERFLOW = 1500;  // exp(-1500 / 2) is 0

  // A product p = first + second without an error: halves of the factors multiply exactly (Dekker).

  /* Returns the upper half of the digits of a number. */
  function head(x) {
    const c = 134217729 * x;
    return c - (c - x);
  }

  /* Returns a b - product, where the product is a b after rounding. */
  function lost(a, b, product) {
    const a0 = head(a), b0 = head(b), a1 = a - a0, b1 = b - b0;
    return a0 * b0 - product + a0 * b1 + a1 * b0 + a1 * b1;
  }

  /* Returns a quotient of whole numbers as the sum of two numbers. */
  function ratio(numerator, denominator) {
    const high = numerator / denominator, back = high * denominator;
    return [high, (numerator - back - lost(high, denominator, back)) / denominator];
  }

  /* Returns a number that was typed as decimal digits as [numerator, denominator]. */
  function decimal(value) {
    let denominator = 1;
    while (denominator < 1e15 && Math.round(value * denominator) / denominator !== value) {
      denominator *= 10;
    }
    return [Math.round(value * denominator), denominator];
  }

  /* Returns exp(-(p + error)). */
  function decay(p, error) {
    const z = exp(-p);
    return z - z * error;
  }

  /* Returns factor exp(-(p + error)). Where the exponential has few digits left, or none, half of
     it is multiplied at a time: the product is the larger of the two. */
  function fade(factor, p, error) {
    if (p <= 690) return factor * decay(p, error);
    const half = exp(-p / 2);
    return factor * half * (half * (1 - error));
  }

  function sigmoid(x) {
    const z = exp(-Math.abs(x)), low = z - z * z / (1 + z);
    return x < 0 ? low : 1 - low;
  }

  function sigmoidSlope(x) {
    const z = exp(-Math.abs(x));
    return z / (1 + z * (2 + z));
  }

  function tanhSlope(x) {
    const z = exp(-2 * Math.abs(x));
    return 4 * (z / (1 + z * (2 + z)));
  }

  const FOUR_THIRDS = ratio(4, 3);

  function scaledTanhSlope(x) {
    const a = Math.min(Math.abs(x), UNDERFLOW), p = FOUR_THIRDS[0] * a;
    const z = decay(p, lost(FOUR_THIRDS[0], a, p) + FOUR_THIRDS[1] * a);
    return 4 * 1.7159 * 2 / 3 * (z / (1 + z * (2 + z)));
  }

  function softsign(x) {
    const a = Math.min(Math.abs(x), Number.MAX_VALUE), y = a / (1 + a);
    return x < 0 ? -y : y;
  }

  function softsignSlope(x) {
    const d = 1 + Math.abs(x);
    return 1 / d / d;
  }

  const clipped = (x, low, high) => Math.min(Math.max(x, low), high);

  function hardSwish(x) {
    const inside = clipped(x, -3, 3);
    return x < 3 ? inside * (inside + 3) / 6 : x;
  }

  const hardSwishSlope = (x) => x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;

  const relu = (x) => Math.max(x, 0);

  /* Returns x above 0 and slope x elsewhere; 0 times infinity would be NaN. */
  const leaky = (slope) => [
    slope === 0 ? relu : (x) => x > 0 ? x : slope * x,
    (x) => x > 0 ? 1 : slope,
  ];

  function elu(alpha) {
    return [
      (x) => x > 0 ? x : alpha * expm1(x),
      (x) => {
        if (x > 0) return 1;
        if (x >= -700) return alpha * exp(x);
        const half = exp(x / 2);
        return alpha * half * half;
      },
    ];
  }

  function celu(alpha) {
    const [numerator, denominator] = decimal(alpha), [high, low] = ratio(denominator, numerator);
    return [
      (x) => x > 0 ? x : alpha * expm1(x / alpha),
      (x) => {
        const depth = Math.min(-Math.min(x, 0), UNDERFLOW * alpha), p = high * depth;
        return decay(p, lost(high, depth, p) + low * depth);
      },
    ];
  }

  // The numbers of vgtools.activations.kernels: mean 0 and variance 1 are kept.
  const SELU_POSITIVE = 1.0507009873554805, SELU_NEGATIVE = 1.7580993408473768;

  const selu = (x) => x > 0 ? SELU_POSITIVE * x : SELU_NEGATIVE * expm1(x);
  const seluSlope = (x) => x > 0 ? SELU_POSITIVE : SELU_NEGATIVE * exp(x);

  const softplus = (x) => Math.max(x, 0) + log1p(exp(-Math.abs(x)));

  /* x sigmoid(g) for an odd g, from a = |x| and |g| = p + error. */
  function gated(x, a, p, error) {
    return Math.max(x, 0) - fade(a, p, error) / (1 + decay(p, error));
  }

  /* The derivative of x sigmoid(g), with growth + more = a dg/dx. Near its change of sign 1 - growth
     is exact. */
  function gatedSlope(x, p, error, growth, more) {
    const z = decay(p, error), low = fade(1 - growth + z - more, p, error) / (1 + z * (2 + z));
    return x < 0 ? low : 1 - low;
  }

  function silu(beta) {
    const [high, low] = ratio(...decimal(beta)), largest = UNDERFLOW / beta;
    return [
      (x) => {
        const a = Math.min(Math.abs(x), largest), p = high * a;
        return gated(x, a, p, lost(high, a, p) + low * a);
      },
      (x) => {
        const a = Math.min(Math.abs(x), largest), p = high * a, error = lost(high, a, p) + low * a;
        return gatedSlope(x, p, error, p, error);
      },
    ];
  }

  // GELU with tanh is gated by k x + c x^3 with k = 2 sqrt(2 / pi) and c = 0.044715 k, each as the
  // sum of two numbers. The cubic of the first ones is exact for `near`, a multiple of 1/256.
  const K_HIGH = 1.5957691216026433, K_LOW = 3.0874305383944692e-12;
  const C_HIGH = 0.07135391235351562, C_LOW = 9.039190846237764e-7;
  const K = K_HIGH + K_LOW, C = C_HIGH + C_LOW;

  const geluTanh = (evaluate) => (x) => {
    const a = Math.min(Math.abs(x), 22), near = Math.round(a * 256) / 256, rest = a - near;
    const square = near * near, exact = near * (K_HIGH + C_HIGH * square);
    const more = near * (K_LOW + C_LOW * square) + rest * (K + C * (a * (a + near) + square));
    const p = exact + more;
    return evaluate(x, a, p, exact - p + more);
  };

  // GELU: the normal tail is Phi(-a) = exp(-a^2 / 2) R(a). These are the coefficients of
  // (1 + a) R(a) in w = (a - 4) / (a + 4), fitted by vgtools.activations.kernels for a up to 40.
  const TAIL = [
    -8.021393100262695e-10, -1.576226490491662e-9, 6.268135725359487e-9, 1.776183188385037e-8,
    -1.9907797909474972e-8, -1.1116003136701888e-7, 1.42485002339593e-9, 5.521195332242644e-7,
    4.0453496074040365e-7, -2.6129632472369104e-6, -3.4322292663927294e-6, 1.3626886779207572e-5,
    2.1250059867512045e-5, -8.785318732035834e-5, -9.443025611294547e-5, 0.0006948971050647634,
    -0.0002856230976918773, -0.005002378591084706, 0.017936097479653624, -0.032197837428084124,
    0.028600364053551482, 0.013999634724425385, -0.09670347732652582, 0.47205320650984467,
  ];
  const PEAK = 0.3989422804014327;  // 1 / sqrt(2 pi)

  function tailRatio(a) {
    const w = (a - 4) / (a + 4);
    let sum = TAIL[0];
    for (let n = 1; n < TAIL.length; n++) sum = sum * w + TAIL[n];
    return sum / (1 + a);
  }

  /* Returns factor(a, R(a)) exp(-a^2 / 2). */
  function normalTail(a, factor) {
    const p = a * a / 2;
    return fade(factor, p, lost(a, a, a * a) / 2);
  }

  function gelu(x) {
    const a = Math.min(Math.abs(x), 40);
    return Math.max(x, 0) - normalTail(a, a * tailRatio(a));
  }

  function geluSlope(x) {
    const a = Math.min(Math.abs(x), 40), low = normalTail(a, tailRatio(a) - a * PEAK);
    return x < 0 ? low : 1 - low;
  }

  /* The share of normal numbers below x. */
  function normalBelow(x) {
    const a = Math.min(Math.abs(x), 40), low = normalTail(a, tailRatio(a));
    return x < 0 ? low : 1 - low;
  }

  function mish(x) {
    const a = Math.min(Math.abs(x), UNDERFLOW), z = exp(-a);
    const gate = x < 0 ? (2 + z) / (2 + z * (2 + z)) : 2 * z / (1 + 2 * z * (1 + z));
    return Math.max(x, 0) - fade(a * gate, a, 0);
  }

  function mishSlope(x) {
    const a = Math.min(Math.abs(x), UNDERFLOW), z = exp(-a);
    if (x < 0) {
      return fade(4 * (1 - a) + z * (6 - 4 * a + z * (4 + z)), a, 0)
        / (4 + z * (8 + z * (8 + z * (4 + z))));
    }
    return 1 + z * z * (4 * a - 2 + z * (4 * (a - 1) - 4 * z))
      / (1 + z * (4 + z * (8 + z * (8 + 4 * z))));
  }

  const square = (x) => x * x;
  const STAR = 0.4472135954999579;  // 1 / sqrt(5)

  function xielu(alphaP, alphaN, beta) {
    const [n, d] = decimal(alphaN), [m, e] = decimal(beta), [fall] = ratio(n * e - m * d, d * e);
    return [
      (x) => {
        if (x > 0) return x * (alphaP * x + beta);
        return x > -1 ? alphaN * (expm1(x) - x) + beta * x : alphaN * expm1(x) - fall * x;
      },
      (x) => x > 0 ? 2 * alphaP * x + beta : alphaN * expm1(x) + beta,
    ];
  }

  const fixed = (f, slope) => ({ parameters: {}, make: () => [f, slope] });
  const withOne = (name, start, low, high, make) =>
    ({ parameters: { [name]: start }, range: [low, high], make });

  const ACTIVATIONS = {
    identity: fixed((x) => x, () => 1),
    sigmoid: fixed(sigmoid, sigmoidSlope),
    tanh: fixed(tanh, tanhSlope),
    scaled_tanh: fixed((x) => 1.7159 * tanh(2 * x / 3), scaledTanhSlope),
    hard_sigmoid: fixed((x) => clipped(x + 3, 0, 6) / 6, (x) => Math.abs(x) < 3 ? 1 / 6 : 0),
    hard_tanh: fixed((x) => clipped(x, -1, 1), (x) => Math.abs(x) < 1 ? 1 : 0),
    softsign: fixed(softsign, softsignSlope),
    softplus: fixed(softplus, sigmoid),
    relu: fixed(relu, (x) => x > 0 ? 1 : 0),
    relu6: fixed((x) => clipped(x, 0, 6), (x) => x > 0 && x < 6 ? 1 : 0),
    leaky_relu: withOne("alpha", 0.01, 0, 1, leaky),
    prelu: withOne("a", 0.25, -100, 100, leaky),
    elu: withOne("alpha", 1, 0.001, 100, elu),
    celu: withOne("alpha", 1, 0.001, 100, celu),
    selu: fixed(selu, seluSlope),
    gelu: fixed(gelu, geluSlope),
    gelu_tanh: fixed(
      geluTanh(gated),
      geluTanh((x, a, p, error) => gatedSlope(x, p, error, a * (K + 3 * C * a * a), 0))),
    silu: withOne("beta", 1, 0.001, 100, silu),
    hard_swish: fixed(hardSwish, hardSwishSlope),
    mish: fixed(mish, mishSlope),
    squared_relu: fixed((x) => square(relu(x)), (x) => 2 * relu(x)),
    star_relu: fixed((x) => (2 * square(relu(x)) - 1) * STAR, (x) => 4 * STAR * relu(x)),
    xielu: { parameters: { alpha_p: 0.8, alpha_n: 0.8, beta: 0.5 }, range: [0.001, 100], make: xielu },
  };

  /* Returns an activation {name, parameters, f, slope, steepest} from its name, or from its name
     and its parameter such as {name: "elu", alpha: 0.5}. `steepest` is the largest |f'| on a grid. */
  function activation(given) {
    const { name, ...own } = typeof given === "string" ? { name: given } : given ?? {};
    lab.oneOf("activation", name, Object.keys(ACTIVATIONS));
    const { parameters: defaults, range, make } = ACTIVATIONS[name];
    const parameters = settings(name, own, defaults);
    for (const [key, value] of Object.entries(parameters)) real(`${key} of ${name}`, value, ...range);
    const [f, slope] = make(...Object.values(parameters));
    let steepest = 0;
    for (let n = -2000; n <= 2000; n++) steepest = Math.max(steepest, Math.abs(slope(n / 100)));
    return { name, parameters, f, slope, steepest };
  }

  Object.assign(lab, { activation, ACTIVATIONS, sigmoid, sigmoidSlope, normalBelow });
})(globalThis.Laboratory ??= {});
