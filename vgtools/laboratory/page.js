/* The laboratory as a page: controls, a network that learns between two frames, and what is said. */
((lab) => {
  "use strict";
  const { finished, networkOf, Panel, PROBE, ruleOf, short } = lab;

  const BUDGET = 12;  // milliseconds of a frame for training
  const DRAWING = 180, CALM = 500;  // between two drawings; with reduced motion
  const SENTENCE = 1000, ALOUD = 5000;  // between two sentences, seen and read aloud
  const KEPT = 400;  // points of a curve
  const PAUSE = 300, THANKS = 4000;
  const AGAIN = "The run had diverged. It begins again from the same draw.";
  const still = matchMedia("(prefers-reduced-motion: reduce)");

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
  function quantiles(network) {
    const shares = { low: 0.05, lower: 0.25, middle: 0.5, upper: 0.75, high: 0.95 };
    const found = Object.fromEntries(Object.keys(shares).map((name) => [name, []]));
    for (const { output, units } of network.measured) {
      const stride = Math.max(1, Math.floor(PROBE * units / 400) | 1), some = [];
      for (let at = 0; at < PROBE * units; at += stride) some.push(output[at]);
      const sorted = Float64Array.from(some).sort();
      for (const [name, share] of Object.entries(shares)) {
        found[name].push(sorted[Math.round(share * (sorted.length - 1))]);
      }
    }
    return found;
  }

  /* Measures the network on the first training samples, as it would meet them in training; running
     statistics stay as they were. */
  function* probing(network, data) {
    const kept = network.statistics.map(({ value }) => value.slice());
    const flow = yield* lab.measuring(network, data.x_train, data.y_train, PROBE, true);
    network.statistics.forEach(({ value }, number) => value.set(kept[number]));
    return { flow, spread: quantiles(network) };
  }

  /* A network and its run, with what is shown of them. */
  class Experiment {
    constructor(settings, data, moment) {
      const named = networkOf(settings);
      this.settings = { ...settings };
      this.data = data;
      this.network = lab.network({ ...named, drawn: false });
      this.run = new lab.Run(this.network, data, {
        optimiser: ruleOf(settings), batch_size: Number(settings.batch), seed: settings.seed,
      });
      this.rates = [[0, settings.rate]];
      this.theory = lab.theory({ ...named, features: 64, outputs: 10 }, moment);
      this.loss = new Curve();
      this.accuracy = new Curve();
      this.latest = { loss: NaN, accuracy: NaN };
      this.tested = null;  // how far the test samples were counted, while they are
      this.beginTest();
      this.stopped = null;
    }

    // Work with a pause after each layer. In a pause nothing else may use the network.

    /* Takes one step, unless the run has diverged. */
    * stepping() {
      if (!this.flow) yield* this.looking();
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
      this.settings.rate = rate;
      this.run.optimiser.set({ learning_rate: rate });
      if (this.rates.at(-1)[0] === this.run.steps) this.rates.pop();
      this.rates.push([this.run.steps, rate]);
    }

    /* Measures the network as it is now. After the end, what was seen last may say more. */
    * looking() {
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
          : ratio > 100 ? "it explodes on its way back" : "it arrives";
        said.push(first === 0 || last === 0 ? `No gradient reaches ${what} ${last === 0 ? layers : 1}.`
          : `The gradient of ${what} 1 is ${short(ratio)} times that of ${what} ${layers} ` +
            `(${short(first)} and ${short(last)})${this.stopped ? "" : `: ${verdict}`}.`);
      } else said.push(`The gradient of the only ${what} is ${short(first)}.`);
      said.push(`${percent(mean(flow.dead_units))} of the units are dead, ` +
        `${percent(mean(flow.saturation))} of their slopes saturated.`);
      return said.join(" ");
    }
  }

  function start(figure) {
    const { digits, activations } = JSON.parse(
      figure.querySelector("script[type='application/json']").textContent);
    const titles = Object.fromEntries(
      Object.entries(activations).map(([name, { title }]) => [name, title]));
    const table = lab.controls(titles), data = lab.digits(digits);
    const moment = data.x_train.reduce((sum, x) => sum + x * x, 0) / data.x_train.length;
    const panels = {
      gradient: new Panel("Gradient in each layer", "layer", { log: true }),
      signal: new Panel("Signal in each layer", "layer", { log: true }),
      spread: new Panel("Outputs: median, middle half, 90 %", "layer"),
      units: new Panel("Dead and saturated units", "layer", {
        low: 0, high: 1, percent: true,
        note: "Saturated: the slope is below 5 % of its maximum. For ReLU: the output is 0.",
      }),
      update: new Panel("Last update, as a share of the weights", "layer",
        { log: true, empty: "after the first step" }),
      course: new Panel("Loss and right answers", "step",
        { low: 0, right: true, empty: "after the first step" }),
    };
    let { settings, refused } = lab.read(table, location.search);
    let experiment = null, pinned = null, training = false, changed = true, frame = 0;
    // `drawn` is infinite when there is nothing left to draw.
    let drawn = -Infinity, spoken = -Infinity, aloud = -Infinity, saving = 0;
    let job = null;  // work that is under way
    let gone = "";  // of a run that a change has ended

    // What is on the page

    const make = (name, attributes = {}, ...children) => {
      const made = document.createElement(name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      made.append(...children);
      return made;
    };
    const button = (text, act, attributes = {}) => {
      const made = make("button", { type: "button", ...attributes }, text);
      made.addEventListener("click", act);
      return made;
    };

    const inputs = {};
    function control(entry) {
      const { name, title, choice, values, low, high, step } = entry, id = `lab-${name}`;
      const label = make("label", { for: id }, title);
      let input, output = "";
      if (choice) {
        input = make("select", { id, autocomplete: "off" },
          ...Object.entries(choice).map(([value, text]) => make("option", { value }, text)));
      } else {
        const range = values ? [0, values.length - 1, 1] : [low, high, step];
        input = make("input", { id, type: "range", min: range[0], max: range[1], step: range[2],
          autocomplete: "off" });
        output = make("output", { for: id, "aria-hidden": "true" });
      }
      const show = (value) => {
        input.value = values ? values.indexOf(value) : value;
        if (!output) return;
        output.textContent = value;
        input.setAttribute("aria-valuetext", value);
      };
      const get = () => choice ? input.value : values ? values[Number(input.value)] : Number(input.value);
      inputs[name] = { show };
      // A touch may be the begin of a scroll: it counts when it goes along the slider, or ends.
      let touch = null;
      const settle = () => {
        if (touch && get() !== settings[name]) change(entry, get());
        touch = null;
      };
      input.addEventListener("input", () => touch || change(entry, get()));
      if (output) {
        input.addEventListener("pointerdown", (event) => {
          if (event.pointerType === "touch") touch = event;
        });
        input.addEventListener("pointermove", ({ clientX, clientY }) => {
          if (touch && Math.abs(clientX - touch.clientX) > Math.abs(clientY - touch.clientY)) settle();
        });
        input.addEventListener("pointerup", settle);
        input.addEventListener("pointercancel", () => {
          if (touch) show(settings[name]);
          touch = null;
        });
      }
      return make("div", { class: choice ? "vg-lab-control" : "vg-lab-control vg-lab-slider" },
        label, output, input);
    }

    const trainButton = button("Train", () => train(!training), { class: "vg-lab-train" });
    const unpin = button("Remove the pin", () => {
      pinned = null;
      unpin.hidden = true;
      paint();
    }, { hidden: "" });
    const grey = make("p", { class: "vg-lab-pinned" });
    const status = make("p", { class: "vg-lab-status", role: "status" });
    const notice = make("p", { class: "vg-lab-status", role: "status" });  // of what went wrong
    const says = make("p", { class: "vg-lab-says", id: "lab-says" });
    const voice = make("p", { class: "vg-lab-voice", "aria-live": "polite" });
    const code = make("pre");
    const python = make("details", { class: "vg-lab-python" }, make("summary", {}, "Show as Python"),
      make("div", { tabindex: "0", role: "group", "aria-label": "The same run in Python" }, code),
      button("Copy the cell", () => copy(code.textContent)));
    python.addEventListener("toggle", writeCell);

    const toolbar = make("div", { class: "vg-lab-buttons", role: "group", "aria-label": "This run" },
      trainButton,
      button("One step", () => {
        const again = experiment?.stopped;
        train(false);
        if (again) changed = true;
        if (changed) rebuild();
        tell(again ? AGAIN : "");
        finishWork();
        finished(experiment.stepping());
        experiment.beginTest();
        while (experiment.tested) finished(experiment.testing());
        redraw();
        announce();
      }),
      button("Same draw", () => restart("Back to the same draw.")),
      button("New draw", () => {
        settings.seed = (settings.seed + 1) % 1000;
        inputs.seed.show(settings.seed);
        restart("A new draw.");
      }),
      button("Pin this run", () => {
        redraw();
        tell(`Pinned${pinned ? " in the place of the one before" : ""}. The next run is drawn beside it.`);
        pinned = experiment.pin();
        unpin.hidden = false;
        paint();
      }),
      button("Reset", () => {
        ({ settings } = lab.read(table, ""));
        const text = `Everything is as at first${pinned ? ", and the pin is removed" : ""}.`;
        pinned = null;
        unpin.hidden = true;
        showSettings();
        train(false);
        restart(text);
      }));
    const others = make("div", { class: "vg-lab-buttons", role: "group", "aria-label": "To take away" },
      unpin, button("Copy link", () => copy(link().href, onlyPresent("link"))),
      button("Save picture", savePicture));
    const controls = make("div", { class: "vg-lab-controls", role: "group", "aria-label": "The network" },
      ...table.filter(({ more }) => !more).map(control));
    const more = make("details", { class: "vg-lab-more" }, make("summary", {}, "More settings"),
      make("div", { class: "vg-lab-controls" }, ...table.filter((entry) => entry.more).map(control)));
    const side = make("div", { class: "vg-lab-side" }, toolbar, controls, more);
    const shown = make("div", { class: "vg-lab-panels" }, ...Object.values(panels).map(({ box }) => box));
    figure.querySelector(".vg-lab-still")?.remove();
    figure.append(side, make("div", { class: "vg-lab-main" }, notice, says, shown, grey, others, status, python), voice);

    // What changes

    function showSettings() {
      for (const { name } of table) inputs[name].show(settings[name]);
    }

    function tell(text, trouble = "") {
      status.textContent = text;
      notice.textContent = trouble;
    }

    function change(entry, value) {
      settings[entry.name] = value;
      inputs[entry.name].show(value);
      if (entry.name === "optimiser") {
        settings.rate = { sgd: 0.02, momentum: 0.002, adam: 0.001 }[value];
        inputs.rate.show(settings.rate);
      }
      if (!entry.live && experiment?.run.steps > 100 && pinned?.of !== experiment) {
        gone = `The run of ${experiment.run.steps} steps is gone. Pin a run before a change, and it stays.`;
      }
      tell(gone);
      if (!entry.live || changed) changed = true;
      else if (!experiment.stopped) experiment.setRate(settings.rate);
      clearTimeout(saving);
      saving = setTimeout(save, PAUSE);
      go();
    }

    function link() {
      const address = new URL(location);
      address.hash = figure.id;
      return lab.write(table, settings, address);
    }

    function save() {
      try {
        history.replaceState(history.state, "", lab.write(table, settings, new URL(location)));
      } catch {
        // The network learns all the same.
      }
    }

    /* The weights are drawn layer by layer, within the frames that follow. */
    function build() {
      experiment = new Experiment(settings, data, moment);
      job = experiment.network.drawing();
    }

    function rebuild() {
      changed = false;
      try {
        build();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        tell("", `This network cannot be built: ${error.message}.`);
        settings = { ...experiment?.settings ?? lab.read(table, "").settings };
        showSettings();
        if (!experiment) build();
      }
      figure.style.setProperty("--vg-run", `var(--vg-${activations[settings.activation].colour})`);
      for (const panel of Object.values(panels)) panel.forget();
    }

    function restart(text, trouble) {
      changed = true;
      gone = "";
      tell(text, trouble);
      save();
      go();
    }

    function train(on) {
      training = on;
      trainButton.textContent = training ? "Pause" : "Train";
      drawn = 0;
      if (training) {
        const again = !changed && experiment?.stopped;
        if (again) restart(AGAIN);
        else tell(gone = "");
        return go();
      }
      if (experiment) {
        experiment.beginTest();  // after which the frame says how it went
        go();
      }
    }

    // Frame by frame

    function go() {
      if (!frame && !document.hidden) frame = requestAnimationFrame(work);
    }

    document.addEventListener("visibilitychange", () => {
      cancelAnimationFrame(frame);
      frame = 0;
      go();
    });

    /* One frame: as much of the work as fits, layer by layer. A drawing ends it. */
    function work(now) {
      frame = 0;
      const begin = performance.now();
      if (changed) {
        rebuild();
        drawn = spoken = aloud = -Infinity;
      }
      do {
        job ??= nextWork(now);
        if (!job) return;
        if (job.next().done) job = null;
      } while (performance.now() - begin < BUDGET);
      go();
    }

    /* What comes next: a drawing, a test, a step, or nothing any more. */
    function nextWork(now) {
      if (experiment.stopped && training) train(false);
      const idle = !experiment.tested && !training;
      if (idle && drawn === Infinity) return null;
      if (idle || now - drawn >= (still.matches ? CALM : DRAWING)) return drawing(now, idle);
      return experiment.tested ? experiment.testing() : experiment.stepping();
    }

    /* Measures, draws, and says it if it is time. */
    function* drawing(now, last) {
      yield* experiment.looking();
      paint();
      drawn = last ? Infinity : now;
      if (last || now - spoken >= SENTENCE) speak(last || now - aloud >= ALOUD);
    }

    function finishWork() {
      if (job) finished(job);
      job = null;
    }

    /* Measures and draws at once. */
    function redraw() {
      finishWork();
      finished(experiment.looking());
      paint();
    }

    function paint() {
      if (!experiment.flow) return;  // the first drawing is on its way
      const { flow, spread, theory } = experiment, old = pinned;
      const layers = Math.max(flow.signal.length, old ? old.flow.signal.length : 0);
      const lines = (pick, more = {}) => [
        ...old ? [{ values: pick(old.flow), kind: "pin", key: more.key && "pinned", ...more.pin }] : [],
        { values: pick(flow), kind: "run", ...more },
      ];
      const expected = (values) => values ? [{ values, kind: "theory", dash: "dashed", key: "theory, at the start" }] : [];
      const last = experiment.first.gradient.at(-1);
      panels.gradient.draw([...lines((one) => one.gradient, { key: "this run" }),
        ...expected(theory?.gradient.map((share) => share * last))], [], layers);
      panels.signal.draw([...lines((one) => one.signal, { key: "this run" }),
        ...expected(theory?.signal)], [], layers);
      panels.spread.draw([
        ...old ? ["low", "high"].map((name) => ({ values: old.spread[name], kind: "pin", dash: "dashed" })) : [],
        { values: spread.middle, kind: "run" },
      ], [
        { low: spread.low, high: spread.high, kind: "run" },
        { low: spread.lower, high: spread.upper, kind: "run" },
      ], layers);
      panels.units.draw([
        ...lines((one) => one.dead_units, { key: "dead" }).map((line) => ({ ...line, key: line.kind === "run" && "dead" })),
        ...lines((one) => one.saturation).map((line) => ({
          ...line, dash: "dashed", key: line.kind === "run" && "saturated",
        })),
      ], [], layers);
      const ratio = ({ update, weight }) => update.map((size, i) => size / weight[i]);
      panels.update.draw(lines(ratio), [], layers);
      const end = Math.max(10, experiment.run.steps, old ? old.steps : 0);
      panels.course.draw([
        ...old ? [{ ...old.loss, kind: "pin" },
          { ...old.accuracy, kind: "pin", dash: "dashed", right: true }] : [],
        { ...experiment.loss.copy(), kind: "run", key: "loss" },
        { ...experiment.accuracy.copy(), kind: "run", dash: "dashed", right: true, key: "right answers" },
      ], [], end, 0);
      grey.textContent = old ? inGrey(old) : "";
      if (python.open) writeCell();
    }

    function inGrey({ name, steps, seenAt, latest, flow: { gradient } }) {
      return `In grey: ${name}, at step ${steps}: ${steps ? `loss ${lossText(latest.loss)}, ` : ""}` +
        `gradient ${short(gradient[0])} in layer 1` +
        `${gradient.length > 1 ? ` and ${short(gradient.at(-1))} in layer ${gradient.length}` : ""}` +
        `${seenAt === steps ? "" : ` (of step ${seenAt})`}.`;
    }

    function writeCell() {
      const text = lab.pythonCell(experiment.settings, experiment.run.steps, experiment.rates);
      if (code.textContent !== text) code.textContent = text;
    }

    /* Shows the sentence, and has it read aloud if it is time. */
    function speak(loud) {
      const text = experiment.describe();
      says.textContent = text;
      for (const panel of Object.values(panels)) {
        panel.svg.setAttribute("aria-label", `${panel.title}. ${summary(panel)}`);
      }
      spoken = performance.now();
      if (!loud) return;
      voice.textContent = text;
      aloud = spoken;
    }

    const announce = () => speak(true);

    /* What a panel shows, in numbers. */
    function summary(panel) {
      const { flow, spread, latest } = experiment, { gradient, signal } = flow;
      const ends = (values) => values.length > 1
        ? `From ${short(values[0])} in layer 1 to ${short(values.at(-1))} in layer ${values.length}.`
        : `${short(values[0])} in layer 1.`;
      switch (panel) {
        case panels.gradient: return ends(gradient);
        case panels.signal: return ends(signal);
        case panels.spread: return `In the last layer 90 % lie from ${short(spread.low.at(-1))} to ${short(spread.high.at(-1))}.`;
        case panels.units: return `Dead: ${ends(flow.dead_units)} Saturated: ${ends(flow.saturation)}`;
        case panels.update: return ends(flow.update.map((size, i) => size / flow.weight[i]));
        default: return `Loss ${short(latest.loss)}, right answers ${Math.round(100 * latest.accuracy)} %.`;
      }
    }

    /* What a link or a picture leaves out. */
    function onlyPresent(what) {
      return !experiment?.rates.some(([, rate]) => rate !== settings.rate) ? ""
        : ` The learning rate changed on the way: the ${what} holds the present rate only.`;
    }

    async function copy(text, warning = "") {
      tell("");
      try {
        await navigator.clipboard.writeText(text);
        tell(`Copied.${warning}`);
        setTimeout(() => { if (status.textContent === "Copied.") tell(""); }, THANKS);
      } catch {
        tell(warning.trim());
        prompt("Copy this:", text);
      }
    }

    function savePicture() {
      const text = lab.picture(Object.values(panels), figure,
        `${experiment.name}, step ${experiment.run.steps}`);
      const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      make("a", { href: address, download: "laboratory.svg" }).click();
      tell(onlyPresent("picture").trim());
      setTimeout(() => URL.revokeObjectURL(address), THANKS);
    }

    /* Takes the state of the address, as after a link on this page. */
    function restore() {
      ({ settings, refused } = lab.read(table, location.search));
      showSettings();
      train(false);
      restart("", refused.length ? `The address was not understood. ${refused.join(" ")} ` +
        "The usual setting is there instead." : "");
    }

    addEventListener("popstate", restore);
    document.addEventListener("click", (event) => {
      const anchor = event.target.closest?.("a[href*='lab.']");
      if (!anchor || anchor.pathname !== location.pathname || event.ctrlKey || event.metaKey
        || event.shiftKey) return;
      event.preventDefault();
      history.pushState(null, "", anchor.href);
      restore();
      figure.scrollIntoView();
      trainButton.focus({ preventScroll: true });
    });
    restore();
    lab.bench = {  // for tests, and for who opens the console of the browser
      panels, redraw, get experiment() { return experiment; }, get training() { return training; },
    };
  }

  document.querySelectorAll(".vg-lab").forEach(start);
})(globalThis.Laboratory ??= {});
