/* The handwritten digits, as vgtools.datasets.digits has them: split, and standardised by mean and
   variance over the training set. */
((lab) => {
  "use strict";

  const PIXELS = 64, BASE = 17;  // a pixel is a digit of base 17, from 0 to G

  /* Returns {x_train, y_train, x_test, y_test} from what vgtools.laboratory.digits packed:
     {inks, labels, training}, the training samples first. */
  function digits({ inks, labels, training }) {
    const samples = labels.length, x = new Float64Array(samples * PIXELS);
    for (let i = 0; i < x.length; i++) x[i] = parseInt(inks[i], BASE);
    for (let j = 0; j < PIXELS; j++) {
      let sum = 0, square = 0;
      for (let i = 0; i < training; i++) sum += x[i * PIXELS + j];
      const mean = sum / training;
      for (let i = 0; i < training; i++) {
        const far = x[i * PIXELS + j] - mean;
        square += far * far;
      }
      const scale = Math.sqrt(square / training) || 1;
      for (let i = 0; i < samples; i++) x[i * PIXELS + j] = (x[i * PIXELS + j] - mean) / scale;
    }
    const y = Int32Array.from(labels, Number);
    return {
      x_train: x.subarray(0, training * PIXELS),
      y_train: y.subarray(0, training),
      x_test: x.subarray(training * PIXELS),
      y_test: y.subarray(training),
    };
  }

  lab.digits = digits;
})(globalThis.Laboratory ??= {});
