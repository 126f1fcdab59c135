/* The layers: each computes its output, and the way back from it, as in vgtools.networks.layers.
   Arrays are row-major, (n, units) in room for `rows` samples, and are made once: a step of
   training makes none. */
((lab) => {
  "use strict";

  /* What a network learns: its value, the gradient of the loss, and the last change of the value. */
  class Parameter {
    constructor(name, length, start = 0) {
      Object.assign(this, { name, start });
      this.value = new Float64Array(length).fill(start);
      this.gradient = new Float64Array(length);
      this.update = new Float64Array(length);
    }
  }

  /* out = A B for A of shape (rows, inner) and B of shape (inner, columns). The entries of `a` are
     `aRow` apart down a column and `aInner` apart along a row, and in the same way those of `b`: a
     transposed matrix needs no copy. Blocks of 2 x 4 numbers stay in registers. `| 0` tells the
     browser that a place is a whole number of 32 bits, which needs no check. */
  function product(out, rows, inner, columns, a, aRow, aInner, b, bInner, bColumn) {
    const tall = rows - rows % 2, wide = columns - columns % 4;
    for (let i = 0; i < tall; i += 2) {
      for (let j = 0; j < wide; j += 4) {
        let a0 = i * aRow | 0, a1 = a0 + aRow | 0;
        let b0 = j * bColumn | 0, b1 = b0 + bColumn | 0, b2 = b1 + bColumn | 0, b3 = b2 + bColumn | 0;
        let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
        for (let p = 0; p < inner; p++) {
          const upper = a[a0], lower = a[a1];
          let y = b[b0];
          s00 += upper * y;
          s10 += lower * y;
          y = b[b1];
          s01 += upper * y;
          s11 += lower * y;
          y = b[b2];
          s02 += upper * y;
          s12 += lower * y;
          y = b[b3];
          s03 += upper * y;
          s13 += lower * y;
          a0 = a0 + aInner | 0;
          a1 = a1 + aInner | 0;
          b0 = b0 + bInner | 0;
          b1 = b1 + bInner | 0;
          b2 = b2 + bInner | 0;
          b3 = b3 + bInner | 0;
        }
        let at = i * columns + j;
        out[at] = s00;
        out[at + 1] = s01;
        out[at + 2] = s02;
        out[at + 3] = s03;
        at += columns;
        out[at] = s10;
        out[at + 1] = s11;
        out[at + 2] = s12;
        out[at + 3] = s13;
      }
    }
    // What no block covers: up to three columns at the right, and a row below.
    for (let i = 0; i < rows; i++) {
      for (let j = i < tall ? wide : 0; j < columns; j++) {
        let sum = 0;
        for (let p = 0; p < inner; p++) sum += a[i * aRow + p * aInner] * b[p * bInner + j * bColumn];
        out[i * columns + j] = sum;
      }
    }
  }

  /* total[j] = the sum of column j of an array of shape (n, units). */
  function sumRows(total, values, n, units) {
    total.fill(0);
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < units; j++, at++) total[j] += values[at];
  }

  /* What every layer has. `forward(x, n, training)` returns the output, `backward(g, n)` turns
     g = dLoss/doutput into dLoss/dx and fills the gradients of the parameters. */
  class Layer {
    constructor(name, fanIn, fanOut, rows) {
      Object.assign(this, { name, fanIn, fanOut });
      this.output = new Float64Array(rows * fanOut);
      this.inputGradient = new Float64Array(rows * fanIn);
      this.parameters = [];
      this.statistics = [];  // Parameters that a forward pass changes, not an optimiser
      this.inside = [this];
    }
  }

  /* Forward: y = x W + b. Backward: dLoss/dW = x^T g, dLoss/db = sum of g over the rows,
     dLoss/dx = g W^T. */
  class Dense extends Layer {
    constructor(fanIn, fanOut, name, rows) {
      super(name, fanIn, fanOut, rows);
      this.weight = new Parameter(`${name} weight`, fanIn * fanOut);
      this.bias = new Parameter(`${name} bias`, fanOut);
      this.parameters = [this.weight, this.bias];
    }

    forward(x, n) {
      const { output, fanIn, fanOut } = this, bias = this.bias.value;
      this.input = x;
      product(output, n, fanIn, fanOut, x, fanIn, 1, this.weight.value, fanOut, 1);
      for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < fanOut; j++, at++) output[at] += bias[j];
      return output;
    }

    backward(g, n) {
      const { fanIn, fanOut } = this;
      product(this.weight.gradient, fanIn, n, fanOut, this.input, 1, fanIn, g, fanOut, 1);
      sumRows(this.bias.gradient, g, n, fanOut);
      product(this.inputGradient, n, fanOut, fanIn, g, fanOut, 1, this.weight.value, 1, fanOut);
      return this.inputGradient;
    }
  }

  /* Forward: h = f(z). Backward: delta = dLoss/dz = g f'(z), entry by entry. */
  class ActivationLayer extends Layer {
    constructor(activation, units, number, rows) {
      super(`activation ${number}`, units, units, rows);
      this.activation = activation;
      this.slopes = new Float64Array(rows * units);
      this.delta = this.inputGradient;
    }

    forward(z, n) {
      const { output } = this, { f } = this.activation, length = n * this.fanOut;
      this.input = z;
      for (let i = 0; i < length; i++) output[i] = f(z[i]);
      return output;
    }

    /* Fills `slopes` with f'(z) of the last forward pass. */
    findSlopes(n) {
      const { input, slopes } = this, { slope } = this.activation, length = n * this.fanOut;
      for (let i = 0; i < length; i++) slopes[i] = slope(input[i]);
      return slopes;
    }

    backward(g, n) {
      const { delta } = this, length = n * this.fanOut, slopes = this.findSlopes(n);
      for (let i = 0; i < length; i++) delta[i] = g[i] * slopes[i];
      return delta;
    }
  }

  /* Forward: h = max(0, z) + a min(0, z), with one learned slope a for each unit.
     Backward: delta = g where z > 0, a g elsewhere; dLoss/da = sum of g min(0, z) over the rows. */
  class PReLULayer extends ActivationLayer {
    constructor(activation, units, number, rows) {
      super(activation, units, number, rows);
      this.slope = new Parameter(`prelu ${number} slope`, units, activation.parameters.a);
      this.parameters = [this.slope];
    }

    forward(z, n) {
      const { output, fanOut } = this, a = this.slope.value;
      this.input = z;
      for (let i = 0, at = 0; i < n; i++) {
        for (let j = 0; j < fanOut; j++, at++) output[at] = z[at] > 0 ? z[at] : a[j] * z[at];
      }
      return output;
    }

    findSlopes(n) {
      const { input, slopes, fanOut } = this, a = this.slope.value;
      for (let i = 0, at = 0; i < n; i++) {
        for (let j = 0; j < fanOut; j++, at++) slopes[at] = input[at] > 0 ? 1 : a[j];
      }
      return slopes;
    }

    backward(g, n) {
      const { input, fanOut } = this, { gradient } = this.slope;
      gradient.fill(0);
      for (let i = 0, at = 0; i < n; i++) {
        for (let j = 0; j < fanOut; j++, at++) gradient[j] += g[at] * Math.min(input[at], 0);
      }
      return super.backward(g, n);
    }
  }

  /* The layer behind hidden layer `number`; PReLU learns its slopes. */
  function activationLayer(activation, units, number, rows) {
    const Kind = activation.name === "prelu" ? PReLULayer : ActivationLayer;
    return new Kind(activation, units, number, rows);
  }

  Object.assign(lab, { Parameter, product, sumRows, Layer, Dense, ActivationLayer, activationLayer });
})(globalThis.Laboratory ??= {});
