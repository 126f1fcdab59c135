/* Normalisation, as in vgtools.networks.normalisation: each layer divides by a spread that it
   measures, and then learns another one. */
((lab) => {
  "use strict";
  const { Layer, Parameter, sumRows } = lab;

  const EPSILON = 1e-5, MOMENTUM = 0.1;

  /* total[j] = the sum of one[i, j] other[i, j] over the n rows. */
  function sumProducts(total, one, other, n, units) {
    total.fill(0);
    for (let i = 0, at = 0; i < n; i++) {
      for (let j = 0; j < units; j++, at++) total[j] += one[at] * other[at];
    }
  }

  /* Forward in training, for each unit over the n rows of the batch:
     s = (x - mean) / sqrt(variance + epsilon), y = scale s + shift. In evaluation the mean and the
     variance are the running ones. Backward, with averages over the n rows:
     dLoss/dx = scale / sqrt(variance + epsilon) (g - average g - s average(g s)). */
  class BatchNorm extends Layer {
    constructor(units, number, rows) {
      const name = `batch norm ${number}`;
      super(name, units, units, rows);
      this.scale = new Parameter(`${name} scale`, units, 1);
      this.shift = new Parameter(`${name} shift`, units);
      this.parameters = [this.scale, this.shift];
      this.runningMean = new Parameter(`${name} running mean`, units);
      this.runningVariance = new Parameter(`${name} running variance`, units, 1);
      this.statistics = [this.runningMean, this.runningVariance];
      this.standardised = new Float64Array(rows * units);
      this.mean = new Float64Array(units);
      this.spread = new Float64Array(units);
    }

    forward(x, n, training) {
      const { output, standardised: s, mean, spread, fanOut: units } = this;
      const scale = this.scale.value, shift = this.shift.value;
      this.trained = training;
      if (training) this.measure(x, n);
      else {
        mean.set(this.runningMean.value);
        for (let j = 0; j < units; j++) {
          spread[j] = Math.sqrt(this.runningVariance.value[j] + EPSILON);
        }
      }
      for (let i = 0, at = 0; i < n; i++) {
        for (let j = 0; j < units; j++, at++) {
          s[at] = (x[at] - mean[j]) / spread[j];
          output[at] = scale[j] * s[at] + shift[j];
        }
      }
      return output;
    }

    /* Finds mean and spread of a batch, and moves the running ones. The mean is taken from the
       first row on: the variance of a unit that never changes is then exactly 0. */
    measure(x, n) {
      const { mean, spread: square, fanOut: units } = this;
      if (n < 2) throw new RangeError(`batch normalisation needs two rows in training, not ${n}`);
      mean.fill(0);
      for (let i = 0, at = 0; i < n; i++) {
        for (let j = 0; j < units; j++, at++) mean[j] += x[at] - x[j];
      }
      for (let j = 0; j < units; j++) mean[j] = x[j] + mean[j] / n;
      square.fill(0);
      for (let i = 0, at = 0; i < n; i++) {
        for (let j = 0; j < units; j++, at++) square[j] += (x[at] - mean[j]) * (x[at] - mean[j]);
      }
      const means = this.runningMean.value, variances = this.runningVariance.value;
      for (let j = 0; j < units; j++) {
        means[j] = (1 - MOMENTUM) * means[j] + MOMENTUM * mean[j];
        variances[j] = (1 - MOMENTUM) * variances[j] + MOMENTUM * (square[j] / (n - 1));
        this.spread[j] = Math.sqrt(square[j] / n + EPSILON);
      }
    }

    backward(g, n) {
      const { inputGradient, standardised: s, spread, fanOut: units, trained } = this;
      const ofShift = this.shift.gradient, ofScale = this.scale.gradient, scale = this.scale.value;
      sumRows(ofShift, g, n, units);
      sumProducts(ofScale, g, s, n, units);
      for (let i = 0, at = 0; i < n; i++) {
        for (let j = 0; j < units; j++, at++) {
          const moved = trained ? ofShift[j] / n + s[at] * (ofScale[j] / n) : 0;
          inputGradient[at] = scale[j] / spread[j] * (g[at] - moved);
        }
      }
      return inputGradient;
    }
  }

  /* Forward, for each sample over its units: s = (x - mean) / sqrt(variance + epsilon),
     y = gain s + shift. Backward, with h = g gain and averages over the units of a row:
     dLoss/dx = (h - average h - s average(h s)) / sqrt(variance + epsilon). */
  class LayerNorm extends Layer {
    constructor(units, number, rows, name = `layer norm ${number}`) {
      super(name, units, units, rows);
      this.gain = new Parameter(`${name} gain`, units, 1);
      this.shift = new Parameter(`${name} shift`, units);
      this.parameters = [this.gain, this.shift];
      this.standardised = new Float64Array(rows * units);
      this.spread = new Float64Array(rows);
    }

    /* The mean of a row, taken from its first entry on. */
    mean(x, start) {
      let sum = 0;
      for (let j = 0; j < this.fanOut; j++) sum += x[start + j] - x[start];
      return x[start] + sum / this.fanOut;
    }

    forward(x, n) {
      const { output, standardised: s, spread, fanOut: units } = this;
      const gain = this.gain.value, shift = this.shift.value;
      for (let i = 0; i < n; i++) {
        const start = i * units, mean = this.mean(x, start);
        let square = 0;
        for (let at = start; at < start + units; at++) square += (x[at] - mean) * (x[at] - mean);
        spread[i] = Math.sqrt(square / units + EPSILON);
        for (let j = 0, at = start; j < units; j++, at++) {
          s[at] = (x[at] - mean) / spread[i];
          output[at] = gain[j] * s[at] + shift[j];
        }
      }
      return output;
    }

    backward(g, n) {
      const { inputGradient, standardised: s, spread, fanOut: units } = this;
      const gain = this.gain.value;
      sumRows(this.shift.gradient, g, n, units);
      sumProducts(this.gain.gradient, g, s, n, units);
      for (let i = 0; i < n; i++) {
        let average = 0, along = 0;
        for (let j = 0, at = i * units; j < units; j++, at++) {
          average += g[at] * gain[j];
          along += g[at] * gain[j] * s[at];
        }
        average = this.centres ? average / units : 0;
        along /= units;
        for (let j = 0, at = i * units; j < units; j++, at++) {
          inputGradient[at] = (g[at] * gain[j] - average - s[at] * along) / spread[i];
        }
      }
      return inputGradient;
    }

    get centres() {
      return true;
    }
  }

  /* Forward: s = x / sqrt(mean of x^2 over the units + epsilon), y = gain s. Layer normalisation
     without the mean and without the shift. */
  class RMSNorm extends LayerNorm {
    constructor(units, number, rows) {
      super(units, number, rows, `rms norm ${number}`);
      this.parameters = [this.gain];
    }

    mean() {
      return 0;
    }

    get centres() {
      return false;
    }
  }

  const NORMALISATIONS = { batch: BatchNorm, layer: LayerNorm, rms: RMSNorm };

  Object.assign(lab, { NORMALISATIONS, BatchNorm });
})(globalThis.Laboratory ??= {});
