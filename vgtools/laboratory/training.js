/* Training: the loss, the optimisers of vgtools.networks, and a run that takes one step at a time. */
((lab) => {
  "use strict";
  const { exp, finished, Generator, log1p, numbers, real, settings, whole } = lab;

  const ORDER = 30000;  // the stream of random numbers that shuffles the samples

  /* Returns the softmax cross-entropy, a mean over n samples in nats, and fills `gradient` with
     dLoss/dlogits = (p - onehot) / n. The largest logit is subtracted first; 1 of the largest and
     p - 1 of the class are not summed up, because tiny numbers would be lost beside them. */
  function crossEntropy(logits, labels, n, classes, gradient) {
    let total = 0;
    for (let i = 0; i < n; i++) {
      const start = i * classes, right = start + labels[i];
      let largest = start, others = 0, wrong = 0;
      for (let at = start + 1; at < start + classes; at++) {
        if (logits[at] > logits[largest]) largest = at;
      }
      const top = logits[largest];
      for (let at = start; at < start + classes; at++) {
        gradient[at] = exp(logits[at] - top);
        if (at !== largest) others += gradient[at];
        if (at !== right) wrong += gradient[at];
      }
      total += log1p(others) - (logits[right] - top);
      gradient[right] = -wrong;
      for (let at = start; at < start + classes; at++) gradient[at] = gradient[at] / (1 + others) / n;
    }
    return total / n;
  }

  /* Returns how many of n samples have their largest logit at their class. */
  function countRight(logits, labels, n, classes) {
    let hits = 0;
    for (let i = 0; i < n; i++) {
      let largest = 0;
      for (let k = 1; k < classes; k++) {
        if (logits[i * classes + k] > logits[i * classes + largest]) largest = k;
      }
      hits += largest === labels[i];
    }
    return hits;
  }

  /* A rule with its numbers and what it remembers of each parameter. */
  class Optimiser {
    constructor(name, largest, defaults, ranges, given) {
      Object.assign(this, { name, largest, ranges });  // `largest`: a gradient that it can take
      this.memory = new Map();
      this.set(settings(name, given, defaults));
    }

    /* Changes some of the numbers, also during training; what is remembered stays. */
    set(given) {
      for (const [key, value] of Object.entries(settings(this.name, given, this.ranges))) {
        if (Object.hasOwn(given, key)) this[key] = real(key, value, ...this.ranges[key]);
      }
    }

    /* Changes the values of the parameters by their gradients. */
    step(parameters) {
      finished(this.stepping(parameters));
    }
  }

  /* v <- momentum v + g, w <- w - learning_rate v. */
  class SGD extends Optimiser {
    constructor(given = {}) {
      super("sgd", Number.MAX_VALUE, { learning_rate: 0.1, momentum: 0 },
        { learning_rate: [0, 1e6], momentum: [0, 0.9999] }, given);
    }

    * stepping(parameters) {
      const { learning_rate: rate, momentum } = this;
      for (const parameter of parameters) {
        const { value, gradient, update } = parameter;
        const { velocity } = remembered(this.memory, parameter, "velocity");
        for (let i = 0; i < value.length; i++) {
          velocity[i] = momentum * velocity[i] + gradient[i];
          update[i] = -rate * velocity[i];
          value[i] += update[i];
        }
        yield;
      }
    }
  }

  /* m <- beta_1 m + (1 - beta_1) g, s <- beta_2 s + (1 - beta_2) g^2,
     w <- w - learning_rate (m / (1 - beta_1^t)) / (sqrt(s / (1 - beta_2^t)) + epsilon). */
  class Adam extends Optimiser {
    constructor(given = {}) {
      super("adam", Math.sqrt(Number.MAX_VALUE),
        { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 }, {
          learning_rate: [0, 1e6], beta_1: [0, 0.9999], beta_2: [0, 0.999999], epsilon: [1e-300, 1e6],
        }, given);
    }

    * stepping(parameters) {
      const { learning_rate, beta_1, beta_2, epsilon } = this;
      for (const parameter of parameters) {
        const { value, gradient, update } = parameter;
        const { m, s, time } = remembered(this.memory, parameter, "m", "s", "time");
        time[0] += 1;
        const rate = learning_rate / (1 - power(beta_1, time[0]));
        const unbias = 1 / Math.sqrt(1 - power(beta_2, time[0]));
        for (let i = 0; i < value.length; i++) {
          const g = gradient[i];
          m[i] = beta_1 * m[i] + (1 - beta_1) * g;
          s[i] = beta_2 * s[i] + (1 - beta_2) * (g * g);
          update[i] = -rate * (m[i] / (Math.sqrt(s[i]) * unbias + epsilon));
          value[i] += update[i];
        }
        yield;
      }
    }
  }

  /* Returns what an optimiser remembers of a parameter: arrays by their names, 0 at first. */
  function remembered(memory, parameter, ...names) {
    if (!memory.has(parameter)) {
      const { length } = parameter.value;
      memory.set(parameter, Object.fromEntries(names.map((name) => [name, new Float64Array(length)])));
    }
    return memory.get(parameter);
  }

  /* Returns base^n for a whole number n, by squaring. */
  function power(base, n) {
    let result = 1;
    for (; n > 0; n = Math.floor(n / 2)) {
      if (n % 2) result *= base;
      base *= base;
    }
    return result;
  }

  const OPTIMISERS = { sgd: SGD, adam: Adam };

  /* Returns an optimiser from its name, or from its name and its numbers such as
     {name: "sgd", learning_rate: 0.1, momentum: 0.9}. */
  function optimiser(given) {
    const { name, ...own } = typeof given === "string" ? { name: given } : given ?? {};
    return new OPTIMISERS[lab.oneOf("optimiser", name, Object.keys(OPTIMISERS))](own);
  }

  /* The numbers of a network are no longer finite. `layer` and `step` say where and when. */
  class DivergenceError extends Error {
    constructor(what, layer, step) {
      super(`${what} in step ${step}: training diverged. ` +
        "Lower the learning rate, or start from smaller weights.");
      Object.assign(this, { name: "DivergenceError", layer, step });
    }
  }

  /* Tells whether the first numbers of an array are all finite and not larger than a limit. */
  function within(limit, values, length) {
    for (let i = 0; i < length; i++) if (!(Math.abs(values[i]) <= limit)) return false;
    return true;
  }

  /* A network that learns from data {x_train, y_train, x_test, y_test}, as vgtools.datasets has
     them: in each epoch the samples are shuffled and cut into batches. */
  class Run {
    constructor(network, data, given = {}) {
      const own = settings("the run", given, { optimiser: "sgd", batch_size: 50, seed: 0 });
      const { features, outputs, rows, fewest } = network, samples = data.y_train.length;
      Object.assign(this, { network, data, samples });
      numbers("x_train", data.x_train, samples * features);
      for (const label of data.y_train) whole("a label", label, 0, outputs - 1);
      this.optimiser = optimiser(own.optimiser);
      this.batchSize = whole("batch_size", own.batch_size, fewest, Math.min(rows, samples));
      if (samples % this.batchSize === 1 && fewest === 2) {
        throw new RangeError("batch normalisation needs two samples or more in every batch; " +
          `${samples} samples in batches of ${this.batchSize} leave one alone`);
      }
      this.generator = new Generator(own.seed, ORDER);
      this.order = Int32Array.from({ length: samples }, (_, i) => i);
      this.place = samples;  // of the next sample in the order; at the end a new epoch begins
      this.steps = 0;
      this.x = new Float64Array(rows * features);
      this.labels = new Int32Array(rows);
      this.gradient = new Float64Array(rows * outputs);
      this.stopped = null;
    }

    /* How often all samples were shown, with fractions. */
    get epochs() {
      return this.steps / Math.ceil(this.samples / this.batchSize);
    }

    /* Takes one step with the next batch, and returns the loss before it. */
    step() {
      return finished(this.stepping());
    }

    /* The same with a pause after each layer. In a pause nothing else may use the network, and a
       step that is not finished leaves it half changed. */
    * stepping() {
      if (this.place >= this.samples) {
        this.generator.shuffle(this.order);
        this.place = 0;
      }
      const n = Math.min(this.batchSize, this.samples - this.place), { features } = this.network;
      const { x_train, y_train } = this.data;
      for (let i = 0; i < n; i++) {
        const from = this.order[this.place + i] * features, to = i * features;
        for (let j = 0; j < features; j++) this.x[to + j] = x_train[from + j];
        this.labels[i] = y_train[this.order[this.place + i]];
      }
      this.place += n;
      return yield* this.learning(this.x, this.labels, n);
    }

    /* Takes one step with n given samples, and returns the loss before it. The network stays as it
       was where a number is no longer finite. */
    learn(x, labels, n) {
      return finished(this.learning(x, labels, n));
    }

    * learning(x, labels, n) {
      if (this.stopped) throw this.stopped;
      const { network, gradient, optimiser: rule } = this;
      const logits = yield* network.goingForward(x, n, true);
      for (const { name, output, fanOut } of network.inside) {
        if (!within(Number.MAX_VALUE, output, n * fanOut)) {
          this.stop(`the output of ${name} became infinite or NaN`, name);
        }
        yield;
      }
      const loss = crossEntropy(logits, labels, n, network.outputs, gradient);
      if (!Number.isFinite(loss)) this.stop(`the loss became ${loss}`, "loss");
      yield* network.goingBack(gradient);
      for (const parameter of network.parameters) {
        const { name, gradient: g } = parameter;
        if (!within(rule.largest, g, g.length)) {
          const finite = within(Number.MAX_VALUE, g, g.length);
          const became = finite ? "too large to be squared" : "infinite or NaN";
          this.stop(`the gradient of ${name} became ${became}`, name);
        }
        yield;
      }
      this.steps += 1;  // a rate that changes from here on is one of the next step
      yield* rule.stepping(network.parameters);
      return loss;
    }

    /* Ends the run. Further steps give the same error. */
    stop(what, layer) {
      this.stopped = new DivergenceError(what, layer, this.steps + 1);
      throw this.stopped;
    }

    /* Returns loss and accuracy on some samples, and takes no step. */
    evaluate(x, labels) {
      const { network, gradient } = this, { features, outputs, rows } = network;
      let loss = 0, hits = 0;
      for (let start = 0; start < labels.length; start += rows) {
        const n = Math.min(rows, labels.length - start), own = labels.subarray(start, start + n);
        const logits = network.forward(x.subarray(start * features, (start + n) * features), n);
        loss += n * crossEntropy(logits, own, n, outputs, gradient);
        hits += countRight(logits, own, n, outputs);
      }
      return { loss: loss / labels.length, accuracy: hits / labels.length };
    }

    /* Returns everything that the next step depends on, as copies. */
    read() {
      const { network, optimiser: rule, generator, order, place, steps } = this;
      const memory = network.parameters.map((parameter) => {
        const entry = Object.entries(rule.memory.get(parameter) ?? {});
        return Object.fromEntries(entry.map(([name, values]) => [name, values.slice()]));
      });
      return {
        values: network.read(), rule: rule.name, memory, random: generator.state.slice(),
        order: order.slice(), place, steps,
      };
    }

    /* Goes back to what `read` returned. Another optimiser than the one of that run begins anew. */
    write({ values, rule, memory, random, order, place, steps }) {
      this.network.write(values);
      this.optimiser.memory.clear();
      if (rule === this.optimiser.name) memory.forEach((entry, number) => {
        const copies = Object.entries(entry).map(([name, kept]) => [name, kept.slice()]);
        const parameter = this.network.parameters[number];
        if (copies.length) this.optimiser.memory.set(parameter, Object.fromEntries(copies));
      });
      this.generator.state.set(random);
      this.order.set(order);
      Object.assign(this, { place, steps, stopped: null });
    }
  }

  Object.assign(lab, { crossEntropy, countRight, optimiser, OPTIMISERS, DivergenceError, Run });
})(globalThis.Laboratory ??= {});
