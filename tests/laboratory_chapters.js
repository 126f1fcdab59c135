/* What an experiment of a chapter records, with the laboratory's engine. */
((lab) => {
  "use strict";

  const SEEN = 400;  // training samples whose pre-activations are compared from epoch to epoch

  /* Returns one array of numbers for each unit of a layer: its mean over n samples. */
  function unitMeans(output, n, units) {
    const means = new Float64Array(units);
    for (let at = 0; at < n * units; at++) means[at % units] += output[at] / n;
    return means;
  }

  function median(values) {
    const sorted = Float64Array.from(values).sort(), middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /* Returns the squared mean of a change over the samples, as a share of its mean square, both
     summed over the units. */
  function commonPart(before, after, n, units) {
    const change = after.map((value, at) => value - before[at]);
    const square = change.reduce((sum, value) => sum + value * value / n, 0);
    return unitMeans(change, n, units).reduce((sum, mean) => sum + mean * mean, 0) / square;
  }

  /* Returns the median over the units of a unit's mean output; and what of each layer's change
     since the last look is common to all samples. */
  function shift(network, data, last) {
    network.forward(data.x_train, SEEN);
    const means = network.hidden.flatMap(({ output, fanOut }) =>
      Array.from(unitMeans(output, SEEN, fanOut)));
    const entering = network.dense.slice(1).map(({ output, fanOut }) =>
      output.slice(0, SEEN * fanOut));
    const common = last.entering?.map((before, layer) =>
      commonPart(before, entering[layer], SEEN, network.dense[layer + 1].fanOut)) ?? [];
    last.entering = entering;
    return { mean: median(means), common };
  }

  function built({ sizes, blocks, options }, rows) {
    return blocks ? lab.residualMLP(sizes, blocks, { ...options, rows })
      : lab.mlp(sizes, { ...options, rows });
  }

  /* Returns the gradient of each layer in the first samples, in the mode of training. */
  function gradient(given, data) {
    const network = built(given, given.samples);
    return lab.gradientFlow(network, data.x_train, data.y_train, given.samples, true).gradient;
  }

  /* Trains a network, and returns what it shows at the start and after each epoch: the loss of
     all training samples, and the shift. */
  function course(given, data) {
    const network = built(given, Math.max(SEEN, given.run.batch_size)), last = {}, found = [];
    const run = new lab.Run(network, data, given.run);
    const look = () => found.push({
      loss: run.evaluate(data.x_train, data.y_train).loss,
      ...given.shift && shift(network, data, last),
    });
    look();
    for (let epoch = 1; epoch <= given.epochs; epoch++) {
      while (run.epochs < epoch) run.step();
      look();
    }
    return found;
  }

  globalThis.Experiments = { gradient, course };
})(globalThis.Laboratory);
