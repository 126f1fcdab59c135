/* The controls of the page, and the state that they have in its address:
   page.html?lab.layers=30&lab.init=he#lab, without what is as at first. */
((lab) => {
  "use strict";

  const RATES = [];
  for (let power = -4; power <= 1; power++) {
    for (const digit of [1, 2, 5]) if (power < 1 || digit === 1) RATES.push(Number(`${digit}e${power}`));
  }

  const INITS = {
    glorot: "Glorot (Xavier)", he: "He (Kaiming)", lecun: "LeCun", orthogonal: "orthogonal",
    uniform: "uniform ±1/√n", normal: "normal, 0.01", constant: "all zero",
  };
  const NORMALISATIONS = { none: "none", batch: "batch", layer: "layer", rms: "RMS" };
  const SHORTCUTS = {
    plain: "none", sum: "sum", scaled: "sum, scaled", rezero: "ReZero", skipinit: "SkipInit",
    fixup: "Fixup", highway: "highway",
  };
  const OPTIMISERS = { sgd: "SGD", momentum: "momentum 0.9", adam: "Adam" };
  const same = (values) => Object.fromEntries(values.map((value) => [value, String(value)]));

  /* Each control: a slider of numbers, or a choice {value in the address: what readers see}.
     `live`: it changes how the run goes on, and not the network. `more`: it is folded away. */
  const controls = (activations) => [
    { name: "layers", title: "Hidden layers", start: 30, low: 1, high: 100, step: 1 },
    { name: "activation", title: "Activation", start: "relu", choice: activations },
    { name: "init", title: "Weights", start: "glorot", choice: INITS },
    { name: "gain", title: "Gain: weights ×", start: 1, low: 0, high: 8, step: 0.05 },
    { name: "optimiser", title: "Optimiser", start: "sgd", choice: OPTIMISERS },
    { name: "rate", title: "Learning rate", start: 0.02, values: RATES, live: true },
    { name: "normalisation", title: "Normalisation", start: "none", choice: NORMALISATIONS },
    { name: "shortcut", title: "Shortcut", start: "plain", choice: SHORTCUTS },
    { name: "width", title: "Units per layer", start: "64", more: true,
      choice: same([8, 16, 32, 64, 100, 128]) },
    { name: "batch", title: "Batch", start: "50", more: true, choice: same([10, 20, 50, 100, 200]) },
    { name: "bias", title: "Random biases, std", start: 0, low: 0, high: 2, step: 0.05, more: true },
    { name: "seed", title: "Draw (seed)", start: 0, low: 0, high: 999, step: 1, more: true },
  ];

  const shown = (text) => text.length > 40 ? `${text.slice(0, 40)}…` : text;

  /* Returns the value that a text stands for, or raises an error that says what is accepted. A
     slider takes the nearest of its values. */
  function parsed({ title, choice, values, low, high, step }, text) {
    if (choice) {
      if (Object.hasOwn(choice, text)) return text;
      throw new RangeError(`${title} must be one of ${Object.keys(choice).join(", ")}, ` +
        `not “${shown(text)}”.`);
    }
    const [least, most] = values ? [values[0], values.at(-1)] : [low, high];
    const value = /^[-+.\de]+$/i.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) {
      throw new RangeError(`${title} must be a number from ${least} to ${most}, not “${shown(text)}”.`);
    }
    if (values) {
      const far = values.map((one) => Math.abs(one - value));
      return values[far.indexOf(Math.min(...far))];
    }
    return Number((low + Math.round((value - low) / step) * step).toFixed(6));
  }

  /* Reads the settings of an address: {settings, refused}, defaults in the place of what is refused. */
  function read(table, search) {
    const given = new URLSearchParams(search), refused = [];
    const settings = Object.fromEntries(table.map((control) => {
      const text = given.get(`lab.${control.name}`);
      try {
        return [control.name, text === null ? control.start : parsed(control, text)];
      } catch (error) {
        refused.push(error.message);
        return [control.name, control.start];
      }
    }));
    for (const key of new Set(given.keys())) {
      if (key.startsWith("lab.") && !table.some(({ name }) => key === `lab.${name}`)) {
        refused.push(`There is no control “${shown(key.slice(4))}”.`);
      }
    }
    return { settings, refused };
  }

  /* Puts the settings into the address, which may hold those of others. */
  function write(table, settings, address) {
    for (const key of new Set(address.searchParams.keys())) {
      if (key.startsWith("lab.")) address.searchParams.delete(key);
    }
    for (const { name, start } of table) {
      if (settings[name] !== start) address.searchParams.set(`lab.${name}`, settings[name]);
    }
    return address;
  }

  /* The network of the engine that the settings name. */
  const networkOf = (own) => ({
    layers: own.layers, width: Number(own.width), activation: own.activation,
    init: { name: own.init, gain: own.gain }, bias_std: own.bias, seed: own.seed,
    normalisation: own.normalisation === "none" ? null : own.normalisation,
    shortcut: own.shortcut === "plain" ? null : own.shortcut,
    rows: Math.max(Number(own.batch), lab.PROBE),
  });

  /* And the optimiser. */
  const ruleOf = ({ optimiser, rate }) => ({
    name: optimiser === "adam" ? "adam" : "sgd", learning_rate: rate,
    ...(optimiser === "momentum" ? { momentum: 0.9 } : {}),
  });

  Object.assign(lab, { PROBE: 50, controls, read, write, networkOf, ruleOf });
})(globalThis.Laboratory ??= {});
