/* Residual blocks, as in vgtools.networks.residual and vgtools.networks.shortcuts: a branch of
   layers that returns f, and a shortcut that makes the output y of x and f. */
((lab) => {
  "use strict";
  const { Dense, Layer, Parameter, sigmoid, sigmoidSlope } = lab;

  /* What every shortcut has: `forward(x, f, n)` fills the output; `backward(g, n)` fills `past`,
     what arrives at x past the branch, and `toBranch`, dLoss/df. */
  class Shortcut {
    constructor(units, rows) {
      this.units = units;
      this.output = new Float64Array(rows * units);
      this.past = new Float64Array(rows * units);
      this.toBranch = new Float64Array(rows * units);
      this.parameters = [];
    }
  }

  /* y = f: what is left is a plain network. */
  class NoShortcut extends Shortcut {
    forward(x, f, n) {
      for (let i = 0; i < n * this.units; i++) this.output[i] = f[i];
    }

    backward(g, n) {
      for (let i = 0; i < n * this.units; i++) this.toBranch[i] = g[i];
    }
  }

  /* y = x + c f with a fixed number c. Past the branch: g. dLoss/df = c g. */
  class Sum extends Shortcut {
    constructor(units, rows, factor) {
      super(units, rows);
      this.factor = factor;
    }

    forward(x, f, n) {
      for (let i = 0; i < n * this.units; i++) this.output[i] = x[i] + this.factor * f[i];
    }

    backward(g, n) {
      for (let i = 0; i < n * this.units; i++) {
        this.past[i] = g[i];
        this.toBranch[i] = this.factor * g[i];
      }
    }
  }

  /* y = x + a f with one learned number a. dLoss/da = sum of g f over all entries. */
  class LearnedSum extends Shortcut {
    constructor(units, rows, start) {
      super(units, rows);
      this.multiplier = new Parameter("shortcut multiplier", 1, start);
      this.parameters = [this.multiplier];
    }

    forward(x, f, n) {
      const [a] = this.multiplier.value;
      this.branch = f;
      for (let i = 0; i < n * this.units; i++) this.output[i] = x[i] + a * f[i];
    }

    backward(g, n) {
      const [a] = this.multiplier.value;
      let sum = 0;
      for (let i = 0; i < n * this.units; i++) {
        sum += g[i] * this.branch[i];
        this.past[i] = g[i];
        this.toBranch[i] = a * g[i];
      }
      this.multiplier.gradient[0] = sum;
    }
  }

  /* y = t f + (1 - t) x with the gate t = sigmoid(a), a = x W + b. dLoss/da = g (f - x) t (1 - t).
     Past the branch: g (1 - t) + dLoss/da W^T. dLoss/df = g t. */
  class Highway extends Shortcut {
    constructor(units, rows, bias) {
      super(units, rows);
      this.gate = new Dense(units, units, "gate", rows);
      this.gate.bias.start = bias;
      this.ofGate = new Float64Array(rows * units);
      this.parameters = this.gate.parameters;
    }

    forward(x, f, n) {
      const a = this.gate.forward(x, n);
      this.x = x;
      this.f = f;
      for (let i = 0; i < n * this.units; i++) {
        this.output[i] = sigmoid(a[i]) * f[i] + sigmoid(-a[i]) * x[i];
      }
    }

    backward(g, n) {
      const { x, f, ofGate } = this, a = this.gate.output;
      for (let i = 0; i < n * this.units; i++) ofGate[i] = g[i] * (f[i] - x[i]) * sigmoidSlope(a[i]);
      const toGate = this.gate.backward(ofGate, n);
      for (let i = 0; i < n * this.units; i++) {
        this.past[i] = g[i] * sigmoid(-a[i]) + toGate[i];
        this.toBranch[i] = g[i] * sigmoid(a[i]);
      }
    }
  }

  const SHORTCUTS = {
    none: (units, rows) => new NoShortcut(units, rows),
    sum: (units, rows) => new Sum(units, rows, 1),
    scaled: (units, rows, blocks) => new Sum(units, rows, 1 / Math.sqrt(blocks)),
    skipinit: (units, rows) => new LearnedSum(units, rows, 0),
    rezero: (units, rows) => new LearnedSum(units, rows, 0),
    fixup: (units, rows) => new LearnedSum(units, rows, 1),
    highway: (units, rows, blocks, gateBias) => new Highway(units, rows, gateBias),
  };

  /* y = x + b with one number b: what Fixup has before each dense layer and activation. */
  class ScalarBias extends Layer {
    constructor(units, number, rows) {
      super(`scalar bias ${number}`, units, units, rows);
      this.bias = new Parameter(this.name, 1);
      this.parameters = [this.bias];
    }

    forward(x, n) {
      const [b] = this.bias.value;
      for (let i = 0; i < n * this.fanOut; i++) this.output[i] = x[i] + b;
      return this.output;
    }

    backward(g, n) {
      let sum = 0;
      for (let i = 0; i < n * this.fanOut; i++) sum += g[i];
      this.bias.gradient[0] = sum;
      return g;
    }
  }

  /* A branch and its shortcut. `arriving` is dLoss/dy of the last way back. */
  class Residual extends Layer {
    constructor(branch, shortcut, number, rows) {
      super(`block ${number}`, shortcut.units, shortcut.units, rows);
      this.branch = branch;
      this.shortcut = shortcut;
      this.output = shortcut.output;
      this.parameters = [...branch.flatMap((layer) => layer.parameters), ...shortcut.parameters];
      this.statistics = branch.flatMap((layer) => layer.statistics);
      this.inside = [...branch, this];
      for (const one of [...branch, ...this.parameters, ...this.statistics]) {
        one.name = `${this.name} ${one.name}`;
      }
    }

    forward(x, n, training) {
      let f = x;
      for (const layer of this.branch) f = layer.forward(f, n, training);
      this.shortcut.forward(x, f, n);
      return this.output;
    }

    backward(g, n) {
      this.arriving = g;
      this.shortcut.backward(g, n);
      let back = this.shortcut.toBranch;
      for (let l = this.branch.length - 1; l >= 0; l--) back = this.branch[l].backward(back, n);
      const { inputGradient } = this, { past } = this.shortcut;
      for (let i = 0; i < n * this.fanIn; i++) inputGradient[i] = past[i] + back[i];
      return inputGradient;
    }
  }

  Object.assign(lab, { Residual, ScalarBias, SHORTCUTS });
})(globalThis.Laboratory ??= {});
