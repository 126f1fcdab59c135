/* An experiment of the page: a network, its run, what is measured of them, and what is said. */
((lab) => {
  "use strict";
  const { networkOf, PROBE, ruleOf, short } = lab;

  const KEPT = 400;  // points of a curve

  /* The lowest and the highest of some points [step, value], in their order. */
  function extremes(points) {
    if (points.length < 3) return points;
    const sorted = [...points].sort((a, b) => a[1] - b[1]);
    return [sorted[0], sorted.at(-1)].sort((a, b) => a[0] - b[0]);
  }

  /* A curve over all steps in at most KEPT points: of `each` values the lowest and the highest. */
  class Curve {
    constructor() {
      Object.assign(this, { points: [], latest: [], each: 2 });
    }

    add(step, value) {
      this.latest.push([step, value]);
      if (this.latest.length < this.each) return;
      this.points.push(...extremes(this.latest));
      this.latest = [];
      if (this.points.length < KEPT) return;
      this.each *= 2;
      const all = this.points;
      this.points = all.flatMap((_, i) => i % 4 ? [] : extremes(all.slice(i, i + 4)));
    }

    copy() {
      const all = [...this.points, ...extremes(this.latest)];
      return { at: all.map(([step]) => step), values: all.map(([, value]) => value) };
    }
  }

  const lossText = (loss) => loss < 1e4 ? loss.toFixed(2) : short(loss);

  /* Quantiles of the outputs of every layer, of at most 400 of them: lists by layer. */
  function* quantiles(network) {
    const shares = { low: 0.05, lower: 0.25, middle: 0.5, upper: 0.75, high: 0.95 };
    const found = Object.fromEntries(Object.keys(shares).map((name) => [name, []]));
    for (const { output, units } of network.measured) {
      const stride = Math.max(1, Math.floor(PROBE * units / 400) | 1), some = [];
      for (let at = 0; at < PROBE * units; at += stride) some.push(output[at]);
      const sorted = Float64Array.from(some).sort();
      for (const [name, share] of Object.entries(shares)) {
        found[name].push(sorted[Math.round(share * (sorted.length - 1))]);
      }
      yield;
    }
    return found;
  }

  /* Measures the network on the first training samples, as it would meet them in training; running
     statistics stay as they were. */
  function* probing(network, data) {
    const kept = network.statistics.map(({ value }) => value.slice());
    const flow = yield* lab.flowing(network, data.x_train, data.y_train, PROBE, true);
    network.statistics.forEach(({ value }, number) => value.set(kept[number]));
    return { flow, spread: yield* quantiles(network) };
  }

  /* A network and its run, with what is shown of them. */
  class Experiment {
    constructor(settings, data) {
      Object.assign(this, { settings: { ...settings }, data });
      this.rates = [[0, settings.rate]];
      this.loss = new Curve();
      this.accuracy = new Curve();
      this.latest = { loss: NaN, accuracy: NaN };
      this.tested = null;  // how far the test samples were counted, while they are
      this.beginTest();
      this.stopped = null;
    }

    // Work with a pause after each layer. In a pause nothing else may use the network.

    /* Builds the network, draws its weights and looks at it. What cannot be built is refused
       before the first pause. `moment` is the mean square of the inputs. */
    * building(moment) {
      const { settings, data } = this, named = networkOf(settings);
      this.network = yield* lab.building({ ...named, drawn: false });
      yield* this.network.drawing();
      this.run = new lab.Run(this.network, data, {
        optimiser: ruleOf(settings), batch_size: Number(settings.batch), seed: settings.seed,
      });
      this.theory = yield* lab.expecting({ ...named, features: 64, outputs: 10 }, moment);
      yield* this.looking();
    }

    /* Takes one step, unless the run has diverged. */
    * stepping() {
      try {
        this.latest.loss = yield* this.run.stepping();
      } catch (error) {
        if (!(error instanceof lab.DivergenceError)) throw error;
        this.stopped = error;
        return;
      }
      this.loss.add(this.run.steps, this.latest.loss);
      if (this.run.place >= this.run.samples) this.beginTest();
    }

    beginTest() {
      this.tested = { place: 0, hits: 0 };
    }

    /* Counts the right answers for some more of the test samples. */
    * testing() {
      const { tested, network, data } = this;
      const all = data.y_test.length, n = Math.min(PROBE, all - tested.place);
      const x = data.x_test.subarray(64 * tested.place, 64 * (tested.place + n));
      const labels = data.y_test.subarray(tested.place, tested.place + n);
      tested.hits += lab.countRight(yield* network.goingForward(x, n), labels, n, 10);
      tested.place += n;
      if (tested.place < all) return;
      this.latest.accuracy = tested.hits / all;
      this.accuracy.add(this.run.steps, this.latest.accuracy);
      this.tested = null;
    }

    /* Goes on with another learning rate. */
    setRate(rate) {
      const step = this.run?.steps ?? 0;
      this.settings.rate = rate;
      this.run?.optimiser.set({ learning_rate: rate });
      if (this.rates.at(-1)[0] === step) this.rates.pop();
      this.rates.push([step, rate]);
    }

    /* Measures the network as it is now. After the end, what was seen last may say more. */
    * looking() {
      if (this.seenAt === this.run.steps) return;
      const seen = yield* probing(this.network, this.data);
      this.first ??= seen.flow;  // before the first step
      if (!this.flow || seen.flow.gradient.every(Number.isFinite)) {
        Object.assign(this, seen, { seenAt: this.run.steps });
      }
    }

    get name() {
      const { settings: own } = this;
      const parts = [`${own.layers} × ${own.width} ${own.activation}`, own.init];
      if (own.gain !== 1) parts.push(`gain ${own.gain}`);
      if (own.normalisation !== "none") parts.push(`${own.normalisation} normalisation`);
      if (own.shortcut !== "plain") parts.push(`shortcut: ${own.shortcut}`);
      if (own.bias) parts.push(`biases ${own.bias}`);
      return `${parts.join(", ")}, ${own.optimiser} ${own.rate}, draw ${own.seed}`;
    }

    /* What stays of a run that is pinned. */
    pin() {
      return {
        flow: this.flow, spread: this.spread, loss: this.loss.copy(), steps: this.run.steps,
        accuracy: this.accuracy.copy(), name: this.name, seenAt: this.seenAt,
        latest: { ...this.latest }, of: this,
      };
    }

    /* Why it stopped, with the layers as the panels count them. */
    get reason() {
      const { layers, shortcut } = this.settings, { message } = this.stopped;
      return shortcut !== "plain" ? message
        : message.replace(/dense (\d+)( weight| bias)?/, (_, number, part) =>
          (part ? `the${part === " bias" ? " biases" : " weights"} of ` : "")
            + (number > layers ? "the output layer" : `layer ${number}`));
    }

    /* The run in a few sentences with its numbers. */
    describe() {
      const { flow, latest, run, settings } = this, what = settings.shortcut === "plain" ? "layer" : "block";
      const { gradient } = flow, first = gradient[0], last = gradient.at(-1), layers = gradient.length;
      const percent = (share) => `${Math.round(100 * share)} %`;
      const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const said = [];
      if (this.stopped) {
        said.push(`Stopped: ${this.reason}`);
      }
      const tested = Number.isNaN(latest.accuracy) ? ""
        : `${percent(latest.accuracy)} of 397 test digits right`;
      if (run.steps === 0) said.push(`Not trained yet${tested && `: ${tested}`}.`);
      else said.push(`Step ${run.steps}, epoch ${run.epochs.toFixed(1)}: loss ${lossText(latest.loss)}` +
        `${tested && `, ${tested}`}.`);
      if (this.stopped) {
        said.push(`What follows is of step ${this.seenAt}, the last that could be measured.`);
      }
      if (!gradient.every(Number.isFinite)) said.push("Its gradient is no longer a number.");
      else if (layers > 1) {
        const ratio = first / last;
        const verdict = ratio < 0.01 ? "it vanishes on its way back"
          : ratio > 100 ? "it explodes on its way back"
          : ratio < 1 ? "more than a hundredth arrives" : "it grows less than a hundredfold";
        said.push(first === 0 || last === 0 ? `No gradient reaches ${what} ${last === 0 ? layers : 1}.`
          : `The gradient of ${what} 1 is ${short(ratio)} times that of ${what} ${layers} ` +
            `(${short(first)} and ${short(last)})${this.stopped ? "" : `: ${verdict}`}.`);
      } else said.push(`The gradient of the only ${what} is ${short(first)}.`);
      said.push(`${percent(mean(flow.dead_units))} of the units are dead, ` +
        `${percent(mean(flow.saturation))} of all slopes saturated.`);
      return said.join(" ");
    }
  }

  Object.assign(lab, { Experiment, lossText });
})(globalThis.Laboratory ??= {});
