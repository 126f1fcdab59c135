/* How the weights start: the recipes of vgtools.networks.initialisers by their names. Each draws
   standard normal numbers and gives them its variance, so that two recipes with one seed start
   from the same draw. Weights that are uniform have the ranks of the normal ones. */
((lab) => {
  "use strict";
  const { normalBelow, oneOf, real, settings } = lab;

  const SCALED = ["normal", "uniform"];

  /* The variance of a weight, and which distribution is usual; `gain` stands before all of them. */
  const RECIPES = {
    constant: { value: 0 },
    normal: { std: 0.01, deviation: ({ std }) => std },
    uniform: { distribution: "uniform", deviation: (own, fanIn) => Math.sqrt(1 / (3 * fanIn)) },
    lecun: { distribution: "normal", deviation: (own, fanIn) => Math.sqrt(1 / fanIn) },
    glorot: {
      distribution: "uniform", deviation: (own, fanIn, fanOut) => Math.sqrt(2 / (fanIn + fanOut)),
    },
    he: { distribution: "normal", deviation: (own, fanIn) => Math.sqrt(2 / fanIn) },
    fan_in: { distribution: "normal", deviation: (own, fanIn) => Math.sqrt(1 / fanIn) },
    orthogonal: { deviation: (own, fanIn, fanOut) => Math.sqrt(1 / Math.max(fanIn, fanOut)) },
  };

  /* Returns a recipe with a function draw(weights, fanIn, fanOut, generator), from its name or from
     its name and its numbers, such as {name: "he", gain: 1.1}. All weights are times the gain. */
  function initialiser(given) {
    const { name, ...own } = typeof given === "string" ? { name: given } : given ?? {};
    oneOf("init", name, Object.keys(RECIPES));
    const { deviation, ...defaults } = RECIPES[name];
    const numbers = settings(name, own, { gain: 1, ...defaults });
    real(`gain of ${name}`, numbers.gain, 0, 1e6);
    if ("std" in numbers) real(`std of ${name}`, numbers.std, 0, 1e6);
    if ("value" in numbers) real(`value of ${name}`, numbers.value, -1e6, 1e6);
    if ("distribution" in numbers) {
      oneOf(`distribution of ${name}`, numbers.distribution, name === "uniform" ? ["uniform"] : SCALED);
    }

    function draw(weights, fanIn, fanOut, generator) {
      if (name === "constant") {
        weights.fill(numbers.gain * numbers.value);
        return;
      }
      for (let i = 0; i < weights.length; i++) weights[i] = generator.normal();
      if (name === "orthogonal") {
        orthonormal(weights, fanIn, fanOut, numbers.gain);
        return;
      }
      const std = numbers.gain * deviation(numbers, fanIn, fanOut);
      const uniform = numbers.distribution === "uniform", limit = Math.sqrt(3) * std;
      for (let i = 0; i < weights.length; i++) {
        weights[i] = uniform ? limit * (2 * normalBelow(weights[i]) - 1) : std * weights[i];
      }
    }

    /* The standard deviation of a weight; constant weights have none. */
    const spread = (fanIn, fanOut) =>
      deviation === undefined ? 0 : numbers.gain * deviation(numbers, fanIn, fanOut);

    return { name, ...numbers, deviation: spread, draw };
  }

  /* Makes the columns of a matrix orthonormal, or its rows where these are fewer, by the method of
     Gram and Schmidt. One round leaves an error that is large beside the smallest digits; a second
     round removes it. What comes out is the Q of the QR decomposition with a positive diagonal. */
  function orthonormal(matrix, rows, columns, gain) {
    const tall = rows >= columns;
    const count = tall ? columns : rows, length = tall ? rows : columns;
    const next = tall ? columns : 1, start = tall ? 1 : columns;
    const dot = (one, other) => {
      let sum = 0;
      for (let i = 0; i < length; i++) {
        sum += matrix[one * start + i * next] * matrix[other * start + i * next];
      }
      return sum;
    };
    for (let one = 0; one < count; one++) {
      for (let round = 0; round < 2; round++) {
        for (let other = 0; other < one; other++) {
          const share = dot(one, other);
          for (let i = 0; i < length; i++) {
            matrix[one * start + i * next] -= share * matrix[other * start + i * next];
          }
        }
        const norm = Math.sqrt(dot(one, one));
        for (let i = 0; i < length; i++) matrix[one * start + i * next] /= norm;
      }
    }
    for (let i = 0; i < matrix.length; i++) matrix[i] *= gain;
  }

  Object.assign(lab, { initialiser, INITIALISERS: Object.keys(RECIPES) });
})(globalThis.Laboratory ??= {});
