/* Training in a page that has TensorFlow.js: its packages core, layers and a backend. */
(() => {
  "use strict";

  /* Chooses a backend. `wasm` is the address of its file with SIMD; the other two files are not
     there, so that nothing else can be measured. One thread, as the laboratory has. */
  async function prepare(backend, wasm) {
    if (wasm) {
      tf.wasm.setWasmPaths({
        "tfjs-backend-wasm-simd.wasm": wasm,
        "tfjs-backend-wasm.wasm": "data:,",
        "tfjs-backend-wasm-threaded-simd.wasm": "data:,",
      });
      tf.wasm.setThreadsCount(1);
      tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    }
    if (!await tf.setBackend(backend)) throw new Error(`there is no backend ${backend}`);
    await tf.ready();
    return `${tf.version_core} ${tf.getBackend()}` +
      (wasm ? `, SIMD ${await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")}` : "");
  }

  /* Returns a function that takes one step and returns the loss before it: dense layers that start
     from given weights and biases, cross-entropy, plain gradient descent. */
  function trainer({ sizes, activation, rate, values, x, labels, batch }) {
    const model = tf.sequential({ layers: sizes.slice(1).map((units, l) => tf.layers.dense({
      units, ...(l ? {} : { inputShape: [sizes[0]] }),
      activation: l === sizes.length - 2 ? "linear" : activation,
    })) });
    model.setWeights(values.map((one, i) => tf.tensor(one,
      i % 2 ? [sizes[(i + 1) / 2]] : [sizes[i / 2], sizes[i / 2 + 1]])));
    const batches = [];
    for (let first = 0; first < labels.length; first += batch) {
      batches.push([
        tf.tensor(x.slice(first * sizes[0], (first + batch) * sizes[0]), [batch, sizes[0]]),
        tf.cast(tf.oneHot(tf.tensor1d(labels.slice(first, first + batch), "int32"), 10), "float32"),
      ]);
    }
    const optimiser = tf.train.sgd(rate);
    let at = 0;
    return () => tf.tidy(() => {
      const [inputs, targets] = batches[at++ % batches.length];
      return optimiser.minimize(() => tf.losses.softmaxCrossEntropy(targets,
        model.apply(inputs, { training: true })), true).dataSync()[0];
    });
  }

  globalThis.Beside = { prepare, trainer };
})();
