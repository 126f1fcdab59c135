/* Networks, as vgtools.networks.MLP and vgtools.networks.ResidualMLP: the same layers in the same
   order, and the same names of parameters. */
((lab) => {
  "use strict";
  const {
    activation, activationLayer, ActivationLayer, BatchNorm, Dense, exp, finished, Generator,
    initialiser, LARGEST_SEED, log, NORMALISATIONS, numbers, oneOf, real, Residual, ScalarBias, settings,
    SHORTCUTS, whole,
  } = lab;

  const MOST_LAYERS = 100, MOST_UNITS = 1024, MOST_ROWS = 2000;
  const MOST_NUMBERS = 0x400000;  // of the weights, and of the outputs of all layers
  const BIASES = 10000, GATES = 20000;  // streams of random numbers; weights have those from 0 on

  const COMMON = {
    activation: "tanh", init: "glorot", normalisation: null, bias_std: 0, seed: 0, rows: 100,
    drawn: true,
  };
  const RESIDUAL = {
    ...COMMON, activation: "relu", init: "he", shortcut: "sum", branch_layers: 1, gate_bias: -2,
  };

  class Network {
    /* `dense` are the dense layers with the last one at the end, `gates` those of highways, and
       `measured` what diagnostics look at: one entry for each hidden layer or block. Where `drawn`
       is false, the weights are 0 until somebody draws them. */
    constructor(layers, measured, own) {
      Object.assign(this, { layers, measured, rows: own.rows, biasStd: own.bias_std });
      this.init = initialiser(own.init);
      this.inside = layers.flatMap((layer) => layer.inside);
      this.dense = this.inside.filter((layer) => layer instanceof Dense);
      this.hidden = this.inside.filter((layer) => layer instanceof ActivationLayer);
      this.gates = layers.flatMap((layer) => layer.shortcut?.gate ?? []);
      this.fewest = this.inside.some((layer) => layer instanceof BatchNorm) ? 2 : 1;
      this.parameters = layers.flatMap((layer) => layer.parameters);
      this.statistics = layers.flatMap((layer) => layer.statistics);
      this.features = layers[0].fanIn;
      this.outputs = layers.at(-1).fanOut;
      this.seen = 0;  // rows of the last forward pass
      this.returned = 0;  // and rows of the way back from it, 0 if there was none
      this.seed = own.seed;
      if (own.drawn) this.draw();
    }

    /* Draws everything anew; without a seed, back to the same draw. `init` may have changed. */
    draw(seed = this.seed) {
      finished(this.drawing(seed));
    }

    /* The same with a pause after each layer. */
    * drawing(seed = this.seed) {
      this.seed = whole("seed", seed, 0, LARGEST_SEED);
      for (const each of [...this.parameters, ...this.statistics]) {
        each.value.fill(each.start);
        each.gradient.fill(0);
        each.update.fill(0);
      }
      const last = this.dense.length - 1;
      for (const [number, layer] of this.dense.entries()) {
        const stream = number === last ? 0 : number + 1;
        this.drawWeights(layer, stream);
        if (this.biasStd !== 0) {
          const generator = new Generator(seed, BIASES + stream), bias = layer.bias.value;
          for (let j = 0; j < bias.length; j++) bias[j] = this.biasStd * generator.normal();
        }
        yield;
      }
      for (const [number, layer] of this.gates.entries()) {
        this.drawWeights(layer, GATES + number);
        yield;
      }
      for (const layer of this.layers) if (layer.fixup) layer.fixup();
    }

    drawWeights({ weight, fanIn, fanOut }, stream) {
      this.init.draw(weight.value, fanIn, fanOut, new Generator(this.seed, stream));
    }

    /* Returns the logits of n samples, the first n rows of an array that the next pass overwrites. */
    forward(x, n, training = false) {
      return finished(this.goingForward(x, n, training));
    }

    /* The same with a pause after each layer, in which a page can answer its reader. */
    * goingForward(x, n, training = false) {
      whole("the number of samples", n, 1, this.rows);
      this.returned = 0;
      for (const layer of this.layers) {
        x = layer.forward(x, n, training);
        yield;
      }
      this.seen = n;
      return x;
    }

    /* Turns dLoss/dlogits of the last forward pass into dLoss/dx; fills all gradients. */
    backward(gradient) {
      return finished(this.goingBack(gradient));
    }

    * goingBack(gradient) {
      const n = this.seen;
      if (n === 0) throw new Error("there is nothing to go back from: call forward first");
      for (let l = this.layers.length - 1; l >= 0; l--) {
        gradient = this.layers[l].backward(gradient, n);
        yield;
      }
      this.returned = n;
      return gradient;
    }

    /* Returns copies of all values by their names; running statistics are among them. */
    read() {
      const all = [...this.parameters, ...this.statistics];
      return Object.fromEntries(all.map(({ name, value }) => [name, value.slice()]));
    }

    /* Puts values in the place of those with their names, which `read` tells. */
    write(values) {
      const own = new Map([...this.parameters, ...this.statistics].map((each) => [each.name, each]));
      for (const [name, value] of Object.entries(values)) {
        const names = [...own.keys()];
        if (!own.has(name)) {
          throw new RangeError(`the network has no parameter "${name}"; it has: ${names.join(", ")}`);
        }
        const { length } = own.get(name).value;
        if (!numbers(name, value, length).every(Number.isFinite)) {
          throw new RangeError(`${name} must hold ${length} finite numbers`);
        }
      }
      for (const [name, value] of Object.entries(values)) own.get(name).value.set(value);
    }
  }

  /* Returns checked settings of a network with these sizes and so many dense layers of a width. */
  function checked(name, given, defaults, sizes) {
    if (!Array.isArray(sizes) || sizes.length < 2) {
      throw new TypeError(`sizes must be an array of two widths or more, not ${sizes}`);
    }
    sizes.forEach((width, place) => whole(`sizes[${place}]`, width, 1, MOST_UNITS));
    const own = settings(name, given, defaults);
    own.activation = activation(own.activation);
    if (own.normalisation !== null) {
      oneOf("normalisation", own.normalisation, Object.keys(NORMALISATIONS));
    }
    real("bias_std", own.bias_std, 0, 1e6);
    whole("seed", own.seed, 0, LARGEST_SEED);
    whole("rows", own.rows, 1, MOST_ROWS);
    oneOf("drawn", own.drawn, [true, false]);
    return own;
  }

  /* Refuses a network that would fill the memory. */
  function checkSize(widths, rows) {
    let weights = 0, units = 0;
    for (let l = 1; l < widths.length; l++) {
      weights += widths[l - 1] * widths[l];
      units += widths[l];
    }
    if (weights > MOST_NUMBERS || units * rows > MOST_NUMBERS) {
      throw new RangeError(`a network may have ${MOST_NUMBERS} weights and ${MOST_NUMBERS} outputs of ` +
        `its layers in ${rows} rows, not ${weights} and ${units * rows}: take fewer or narrower layers`);
    }
  }

  const normalised = ({ normalisation, rows }, units, number) =>
    normalisation === null ? [] : [new NORMALISATIONS[normalisation](units, number, rows)];

  /* A chain of dense layers with an activation between them: `sizes` are the widths of the input,
     of the hidden layers and of the output. */
  const mlp = (sizes, given) => finished(chaining(sizes, given));

  /* The same with a pause after each layer. */
  function* chaining(sizes, given = {}) {
    const own = checked("the MLP", given, COMMON, sizes), { rows } = own;
    whole("the number of hidden layers", sizes.length - 2, 0, MOST_LAYERS);
    checkSize(sizes, rows);
    const layers = [], measured = [];
    for (let number = 1; number < sizes.length; number++) {
      const units = sizes[number];
      const dense = new Dense(sizes[number - 1], units, `dense ${number}`, rows);
      layers.push(dense);
      if (number === sizes.length - 1) break;
      const hidden = activationLayer(own.activation, units, number, rows);
      layers.push(...normalised(own, units, number), hidden);
      measured.push({
        output: hidden.output, gradient: () => hidden.delta, units, dense: [dense], hidden: [hidden],
      });
      yield;
    }
    return new Network(layers, measured, own);
  }

  /* Puts the numbers of Fixup into a branch, and says how its weights start. */
  function fixup(branch, units, blocks, rows) {
    const layers = [], dense = branch.filter((layer) => layer instanceof Dense);
    let number = 0;
    for (const layer of branch) {
      if (layer instanceof Dense || layer instanceof ActivationLayer) {
        layers.push(new ScalarBias(units, ++number, rows));
      }
      layers.push(layer);
    }
    const others = dense.slice(0, -1), factor = exp(log(blocks) / (-2 * others.length));
    const start = () => {
      for (const { weight } of others) {
        for (let i = 0; i < weight.value.length; i++) weight.value[i] *= factor;
      }
      dense.at(-1).weight.value.fill(0);
    };
    return [layers, start];
  }

  /* Residual blocks of one width between a first and a last dense layer: `sizes` are features,
     width and outputs. */
  const residualMLP = (sizes, blocks, given) => finished(stacking(sizes, blocks, given));

  /* The same with a pause after each block. */
  function* stacking(sizes, blocks, given = {}) {
    const own = checked("the residual network", given, RESIDUAL, sizes);
    if (sizes.length !== 3) {
      throw new RangeError(`sizes must be features, width and outputs, not ${sizes.length} widths`);
    }
    const [features, width, outputs] = sizes, { rows, shortcut } = own;
    whole("blocks", blocks, 1, MOST_LAYERS);
    const parts = whole("branch_layers", own.branch_layers, 1, 4);
    oneOf("shortcut", shortcut, Object.keys(SHORTCUTS));
    real("gate_bias", own.gate_bias, -100, 100);
    const gates = shortcut === "highway" ? 1 : 0;
    checkSize([features, ...Array((parts + gates) * blocks + 1).fill(width), outputs], rows);
    const layers = [new Dense(features, width, "dense in", rows)], measured = [];
    for (let number = 1; number <= blocks; number++) {
      let branch = [], start = null;
      for (let part = 1; part <= parts; part++) {
        branch.push(...normalised(own, width, part),
          activationLayer(own.activation, width, part, rows),
          new Dense(width, width, `dense ${part}`, rows));
      }
      if (shortcut === "fixup") [branch, start] = fixup(branch, width, blocks, rows);
      const joined = SHORTCUTS[shortcut](width, rows, blocks, own.gate_bias);
      const block = new Residual(branch, joined, number, rows);
      block.fixup = start;
      layers.push(block);
      measured.push({
        output: block.output,
        gradient: () => block.arriving,
        units: width,
        dense: branch.filter((layer) => layer instanceof Dense),
        hidden: branch.filter((layer) => layer instanceof ActivationLayer),
      });
      yield;
    }
    layers.push(new Dense(width, outputs, "dense out", rows));
    return new Network(layers, measured, own);
  }

  /* The network of the page: so many hidden layers, or blocks where there is a shortcut. */
  const network = (given) => finished(building(given));

  /* The same with a pause after each layer. What is wrong is refused before the first. */
  function* building(given = {}) {
    const defaults = {
      layers: 10, width: 64, features: 64, outputs: 10,
      ...(given?.shortcut ? RESIDUAL : COMMON), shortcut: null,
    };
    const { layers, width, features, outputs, shortcut, ...own } =
      settings("the network", given, defaults);
    whole("layers", layers, 1, MOST_LAYERS);
    whole("width", width, 1, MOST_UNITS);
    return yield* shortcut === null ? chaining([features, ...Array(layers).fill(width), outputs], own)
      : stacking([features, width, outputs], layers, { ...own, shortcut });
  }

  Object.assign(lab, { mlp, residualMLP, network, building, MOST_LAYERS, MOST_UNITS, MOST_ROWS });
})(globalThis.Laboratory ??= {});
