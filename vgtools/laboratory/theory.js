/* What mean-field theory expects of a wide network before its first step, layer by layer: the
   recursion of vgtools.theory.mean_field, which names its sources, with the variance of random
   biases; and the factor of batch normalisation of Yang et al. (2019), arXiv:1902.08129. */
((lab) => {
  "use strict";

  // Gauss-Legendre with eight points.
  const NODES = [0.1834346424956498, 0.525532409916329, 0.7966664774136267, 0.9602898564975363];
  const WEIGHTS = [0.362683783378362, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763];
  const LEAST = 1e-100, MOST = 1e100;  // standard deviations whose squares are numbers

  /* Where an activation or its slope jumps, besides 0. */
  const KINKS = { hard_sigmoid: [-3, 3], hard_tanh: [-1, 1], hard_swish: [-3, 3], relu6: [6] };

  /* Returns {mean: E f(z), square: E f(z)^2, slope: E f'(z)^2} for a normal z. The pieces end at
     the kinks and shrink towards 0 by factors of two. */
  function moments({ name, f, slope }, std) {
    if (std === 0) return { mean: f(0), square: f(0) * f(0), slope: slope(0) * slope(0) };
    const far = 12 * std, edges = [0, ...(KINKS[name] ?? []).filter((at) => Math.abs(at) < far)];
    for (let at = far; at > 1e-3 * Math.min(1, std); at /= 2) edges.push(at, -at);
    edges.sort((one, other) => one - other);
    const sums = { mean: 0, square: 0, slope: 0 };
    for (let piece = 1; piece < edges.length; piece++) {
      const half = (edges[piece] - edges[piece - 1]) / 2, middle = edges[piece - 1] + half;
      for (let n = 0; n < 8; n++) {
        const z = middle + (n < 4 ? half : -half) * NODES[n % 4];
        const weight = half * WEIGHTS[n % 4] * lab.exp(-0.5 * (z / std) * (z / std));
        const value = f(z), steep = slope(z);
        sums.mean += weight * value;
        sums.square += weight * value * value;
        sums.slope += weight * steep * steep;
      }
    }
    for (const key of Object.keys(sums)) sums[key] /= std * Math.sqrt(2 * Math.PI);
    return sums;
  }

  /* Returns {signal, gradient}, the gradient as a share of that of the last hidden layer, or null
     where the page has no theory: other normalisations, shortcuts, weights that are all the same.
     `moment` is the mean square of the inputs. The lists end where a signal has no square. */
  const theory = (given, moment) => lab.finished(expecting(given, moment));

  /* The same with a pause after each layer. */
  function* expecting({ layers, width, features, outputs, activation, init, bias_std, normalisation,
    shortcut }, moment) {
    if (shortcut !== null || ![null, "batch"].includes(normalisation)) return null;
    const own = lab.activation(activation), recipe = lab.initialiser(init);
    if (recipe.name === "constant") return null;
    const widths = [features, ...Array(layers).fill(width), outputs];
    const signal = [], factors = [];
    let incoming = Math.sqrt(moment), before = NaN, found = null;
    for (let layer = 1; layer <= layers; layer++) {
      const spread = Math.sqrt(widths[layer - 1]) * recipe.deviation(widths[layer - 1], width);
      const batch = normalisation === "batch";
      const std = batch ? 1 : Math.hypot(spread * incoming, bias_std);
      if (std > MOST) break;
      const near = std === 0 ? 0 : Math.max(std, LEAST);
      if (near !== before) found = moments(own, near);
      before = near;
      const { mean, square, slope } = found;
      // So close to 0 an activation is a line on either side, apart from its value there.
      incoming = std < near ? Math.max(Math.abs(own.f(0)), Math.sqrt(square) * (std / near))
        : Math.sqrt(square);
      signal.push(incoming);
      factors.push(batch ? Math.sqrt(slope / (square - mean * mean))
        : Math.sqrt(widths[layer + 1]) * recipe.deviation(width, widths[layer + 1])
          * Math.sqrt(slope));
      yield;
    }
    if (signal.length < layers) return { signal, gradient: [] };
    const gradient = [1];
    for (let layer = layers - 2; layer >= 0; layer--) gradient.unshift(gradient[0] * factors[layer]);
    return { signal, gradient };
  }

  Object.assign(lab, { moments, theory, expecting });
})(globalThis.Laboratory ??= {});
