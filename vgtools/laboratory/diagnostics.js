/* What a network is doing, layer by layer, named and defined as in vgtools.diagnostics. */
((lab) => {
  "use strict";
  const { crossEntropy, exponent, finished, log, timesPower } = lab;

  const SATURATED_BELOW = 0.05;  // a share of the largest |f'|

  /* Returns the Euclidean norm of the first numbers of an array, of any size: where squares could
     leave the range of numbers, all are first divided by a power of two. */
  function norm(values, length = values.length) {
    let largest = 0;
    for (let i = 0; i < length; i++) largest = Math.max(largest, Math.abs(values[i]));
    if (!(largest > 0 && largest < Infinity)) return largest;
    const k = largest > 1e-100 && largest < 1e100 ? 0 : exponent(largest);
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const scaled = k === 0 ? values[i] : timesPower(values[i], -k);
      sum += scaled * scaled;
    }
    return timesPower(Math.sqrt(sum), k);
  }

  /* Returns the norm of several arrays together. */
  const jointNorm = (arrays) => norm(arrays.map((values) => norm(values)));

  const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  /* Returns the share of the units for which something holds in all of n samples. */
  function shareOfUnits(n, units, holds) {
    let count = 0;
    for (let j = 0; j < units; j++) {
      let always = true;
      for (let at = j; always && at < n * units; at += units) always = holds(at);
      count += always;
    }
    return count / units;
  }

  /* Returns the share of (sample, unit) pairs where |f'(z)| is below 5 % of its maximum. */
  function saturation({ slopes, activation, fanOut }, n) {
    const limit = SATURATED_BELOW * activation.steepest;
    let count = 0;
    for (let i = 0; i < n * fanOut; i++) count += Math.abs(slopes[i]) < limit;
    return count / (n * fanOut);
  }

  /* Measures the last pass forward and back, such as that of a step of training. Each value is an
     array with one number for each hidden layer, or for each block:
     signal: root mean square of the outputs h; gradient: that of n dLoss/dz, or n dLoss/dx_l of a
     block; bias_gradient, weight_gradient: Euclidean norms; saturation, dead_units: shares;
     weight, update: Euclidean norms of the weights and of their last change. */
  const measure = (network) => finished(measuring(network));

  /* The same with a pause after each layer. */
  function* measuring(network) {
    const n = network.returned;
    if (n === 0) {
      throw new Error("there is no way back to measure: take a step, or call gradientFlow, and call " +
        "measure before the next forward pass");
    }
    const flow = {
      signal: [], gradient: [], bias_gradient: [], weight_gradient: [], saturation: [],
      dead_units: [], weight: [], update: [],
    };
    for (const { output, gradient, units, dense, hidden } of network.measured) {
      const root = Math.sqrt(n * units), weights = dense.map(({ weight }) => weight);
      flow.signal.push(norm(output, n * units) / root);
      flow.gradient.push(n * (norm(gradient(), n * units) / root));
      flow.bias_gradient.push(jointNorm(dense.map(({ bias }) => bias.gradient)));
      flow.weight_gradient.push(jointNorm(weights.map((weight) => weight.gradient)));
      flow.saturation.push(average(hidden.map((layer) => saturation(layer, n))));
      flow.dead_units.push(average(hidden.map(({ output: h, delta }) =>
        shareOfUnits(n, units, (at) => h[at] === 0 && delta[at] === 0))));
      flow.weight.push(jointNorm(weights.map((weight) => weight.value)));
      flow.update.push(jointNorm(weights.map((weight) => weight.update)));
      yield;
    }
    return flow;
  }

  /* Sends n samples forward and their loss back, and measures every layer. */
  function gradientFlow(network, x, labels, n, training = false) {
    return finished(flowing(network, x, labels, n, training));
  }

  /* The same with a pause after each layer. */
  function* flowing(network, x, labels, n, training = false) {
    const gradient = new Float64Array(n * network.outputs);
    const logits = yield* network.goingForward(x, n, training);
    crossEntropy(logits, labels, n, network.outputs, gradient);
    yield* network.goingBack(gradient);
    return yield* measuring(network);
  }

  /* Counts what the hidden units did in the last forward pass, one number for each activation layer:
     dead: share of units whose slope is 0 for every sample; saturated: as above;
     zero: share of outputs that are 0; mean: mean of all outputs; median_mean: median over the
     units of their mean outputs. */
  function census(network) {
    const n = network.seen;
    if (n === 0) throw new Error("there is nothing to count: call forward first");
    const found = { dead: [], saturated: [], zero: [], mean: [], median_mean: [] };
    for (const layer of network.hidden) {
      const { output: h, fanOut: units } = layer, slopes = layer.findSlopes(n);
      const means = new Float64Array(units);
      let zeros = 0;
      for (let at = 0; at < n * units; at++) {
        zeros += h[at] === 0;
        means[at % units] += h[at] / n;
      }
      found.dead.push(shareOfUnits(n, units, (at) => slopes[at] === 0));
      found.saturated.push(saturation(layer, n));
      found.zero.push(zeros / (n * units));
      found.mean.push(average(means));
      means.sort();
      found.median_mean.push((means[units - 1 >> 1] + means[units >> 1]) / 2);
    }
    return found;
  }

  /* Returns the slope of log10 of the gradients per layer, by least squares: positive where the
     gradient vanishes on its way back. Layers without a gradient are left out. */
  function rate(gradients) {
    const layers = [], logs = [];
    gradients.forEach((value, layer) => {
      if (!(value > 0 && value < Infinity)) return;
      layers.push(layer);
      logs.push(log(value) / log(10));
    });
    const middle = average(layers), height = average(logs);
    let along = 0, square = 0;
    layers.forEach((layer, i) => {
      along += (layer - middle) * (logs[i] - height);
      square += (layer - middle) * (layer - middle);
    });
    return square > 0 ? along / square : NaN;
  }

  /* Returns what a layer multiplies the gradient by on its way back. */
  const backwardFactor = (gradients) => lab.exp(-rate(gradients) * log(10));

  Object.assign(lab, { measure, gradientFlow, flowing, census, rate, backwardFactor, norm });
})(globalThis.Laboratory ??= {});
