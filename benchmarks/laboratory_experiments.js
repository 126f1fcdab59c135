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

  /* Each returns numbers of the network as it is now. */
  const LOOKS = {
    // Loss and share of right answers on all training samples.
    scores: ({ run, data }) => run.evaluate(data.x_train, data.y_train),
    // Mean output of each hidden layer, on samples that are not trained on.
    means: ({ network, data }) => {
      const n = data.y_test.length;
      network.forward(data.x_test, n);
      return lab.census(network).mean;
    },
    // Medians over the units, of each layer and of all, of a unit's mean output; and what of the
    // next layer's change since the last look is common to all samples.
    shift: ({ network, data, last }) => {
      network.forward(data.x_train, SEEN);
      const units = network.hidden.map(({ output, fanOut }) => unitMeans(output, SEEN, fanOut));
      const entering = network.dense.slice(1).map(({ output, fanOut }) =>
        output.slice(0, SEEN * fanOut));
      const common = last.entering?.map((before, layer) =>
        commonPart(before, entering[layer], SEEN, network.dense[layer + 1].fanOut)) ?? [];
      last.entering = entering;
      return {
        layers: units.map(median), all: median(units.flatMap((each) => Array.from(each))), common,
      };
    },
  };

  /* Returns signal and gradient of each layer in the first samples, in the mode of training. */
  function flow({ sizes, blocks, options, samples }, data) {
    const network = blocks ? lab.residualMLP(sizes, blocks, { ...options, rows: samples })
      : lab.mlp(sizes, { ...options, rows: samples });
    return lab.gradientFlow(network, data.x_train, data.y_train, samples, true);
  }

  /* Trains a network, and returns a list of what `looks` show at the start and after each epoch.
     A run that diverges has a shorter list. */
  function course({ sizes, blocks, options, run: how, epochs, looks }, data) {
    const rows = Math.max(SEEN, how.batch_size), last = {};
    const network = blocks ? lab.residualMLP(sizes, blocks, { ...options, rows })
      : lab.mlp(sizes, { ...options, rows });
    const run = new lab.Run(network, data, how), found = [];
    const look = () => found.push(Object.fromEntries(
      looks.map((name) => [name, LOOKS[name]({ network, run, data, last })])));
    look();
    try {
      for (let epoch = 1; epoch <= epochs; epoch++) {
        while (run.epochs < epoch) run.step();
        look();
      }
    } catch (error) {
      if (!(error instanceof lab.DivergenceError)) throw error;
    }
    return found;
  }

  /* Returns the gradient of the first layer over that of the last one, on other samples than those
     of the steps: before the first step and after each. */
  function stepwise({ sizes, options, samples, rate, steps }, data) {
    const network = lab.mlp(sizes, { ...options, rows: samples });
    const run = new lab.Run(network, data, {
      optimiser: { name: "sgd", learning_rate: rate }, batch_size: samples, seed: options.seed,
    });
    const cut = (first) => [data.x_train.subarray(first * network.features,
      (first + samples) * network.features), data.y_train.subarray(first, first + samples)];
    const ratio = () => {
      const { gradient } = lab.gradientFlow(network, ...cut(samples), samples, true);
      return gradient[0] / gradient.at(-1);
    };
    const found = [ratio()];
    for (let step = 0; step < steps; step++) {
      run.learn(...cut(0), samples);
      found.push(ratio());
    }
    return found;
  }

  globalThis.Experiments = { flow, course, stepwise };
})(globalThis.Laboratory);
