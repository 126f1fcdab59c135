/* The laboratory as a page: controls, a network that learns between two turns of the browser, and
   what is said. */
((lab) => {
  "use strict";
  const { Experiment, finished, lossText, Panel, short } = lab;

  const SLICE = 8;  // milliseconds of work, after which the browser has a turn
  const PATIENCE = 500;  // for a network that is built; a later change then replaces it
  const DRAWING = 180, CALM = 500;  // between two drawings; with reduced motion
  const SENTENCE = 1000, ALOUD = 5000;  // between two sentences, seen and read aloud
  const PAUSE = 300, THANKS = 4000;
  const AGAIN = "The run had diverged. It begins again from the same draw.";
  const still = matchMedia("(prefers-reduced-motion: reduce)");

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
    let experiment = null, pinned = null, training = false, saving = 0;
    let changed = true;  // another network is wanted
    let coming = null, begun = 0;  // the experiment that is built and not drawn yet, and since when
    // `drawn` is infinite when there is nothing left to draw.
    let drawn = -Infinity, spoken = -Infinity, aloud = -Infinity;
    let job = null, waiting = false;  // work that is under way; a turn for it will come
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
        const again = ended();
        train(false);
        if (again) changed = true;
        finishWork();
        tell(again ? AGAIN : "");
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
      if (!entry.live) changed = true;
      else if (!experiment?.stopped || coming) (coming ?? experiment)?.setRate(value);
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

    /* Begins to build the network that is wanted. The one before stays until the new one stands. */
    function rebuild() {
      changed = false;
      begun = performance.now();
      const next = new Experiment(settings, data), work = next.building(moment);
      try {
        work.next();
        coming = next;
        job = replacing(work);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        tell("", `This network cannot be built: ${error.message}.`);
        settings = { ...(coming ?? experiment)?.settings ?? lab.read(table, "").settings };
        showSettings();
        if (!experiment && !coming) rebuild();
      }
    }

    function* replacing(work) {
      yield* work;
      experiment = coming;
      const { colour } = activations[experiment.settings.activation];
      figure.style.setProperty("--vg-run", `var(--vg-${colour})`);
      for (const panel of Object.values(panels)) panel.forget();
      yield* painting();
      coming = null;
      drawn = spoken = aloud = -Infinity;
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
        const again = ended();
        if (again) restart(AGAIN);
        else tell(gone = "");
        return go();
      }
      if (experiment) {
        experiment.beginTest();  // after which the frame says how it went
        go();
      }
    }

    const ended = () => !changed && !coming && experiment?.stopped;

    // Turn by turn

    const { port1: bell, port2: ring } = new MessageChannel();
    bell.onmessage = work;

    function go() {
      if (waiting || document.hidden) return;
      waiting = true;
      ring.postMessage(null);
    }

    document.addEventListener("visibilitychange", go);

    /* One turn: a slice of the work. Between two turns the browser answers its reader. */
    function work() {
      waiting = false;
      if (document.hidden) return;
      const begin = performance.now();
      if (changed && (!coming || begin - begun >= PATIENCE)) rebuild();
      do {
        job ??= nextWork();
        if (!job) return;
        if (job.next().done) job = null;
      } while (performance.now() - begin < SLICE);
      go();
    }

    /* What comes next: a drawing, a test, a step, or nothing any more. */
    function nextWork() {
      if (experiment.stopped && training) train(false);
      const idle = !experiment.tested && !training;
      if (idle && drawn === Infinity) return null;
      if (idle || performance.now() - drawn >= (still.matches ? CALM : DRAWING)) return drawing(idle);
      return experiment.tested ? experiment.testing() : experiment.stepping();
    }

    /* Measures, draws, and says it if it is time. */
    function* drawing(last) {
      yield* experiment.looking();
      yield* painting();
      const now = performance.now();
      drawn = last ? Infinity : now;
      if (last || now - spoken >= SENTENCE) speak(last || now - aloud >= ALOUD);
    }

    /* Ends what is under way, so that the network is the one that the controls say. */
    function finishWork() {
      if (changed) rebuild();
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
      if (experiment) finished(painting());
    }

    /* Draws the panels, with a pause after each. */
    function* painting() {
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
      yield;
      panels.signal.draw([...lines((one) => one.signal, { key: "this run" }),
        ...expected(theory?.signal)], [], layers);
      yield;
      panels.spread.draw([
        ...old ? ["low", "high"].map((name) => ({ values: old.spread[name], kind: "pin", dash: "dashed" })) : [],
        { values: spread.middle, kind: "run" },
      ], [
        { low: spread.low, high: spread.high, kind: "run" },
        { low: spread.lower, high: spread.upper, kind: "run" },
      ], layers);
      yield;
      panels.units.draw([
        ...lines((one) => one.dead_units, { key: "dead" }).map((line) => ({ ...line, key: line.kind === "run" && "dead" })),
        ...lines((one) => one.saturation).map((line) => ({
          ...line, dash: "dashed", key: line.kind === "run" && "saturated",
        })),
      ], [], layers);
      yield;
      const ratio = ({ update, weight }) => update.map((size, i) => size / weight[i]);
      panels.update.draw(lines(ratio), [], layers);
      const end = Math.max(10, experiment.run.steps, old ? old.steps : 0);
      yield;
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
      if (!experiment) return;
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
      return !(coming ?? experiment)?.rates.some(([, rate]) => rate !== settings.rate) ? ""
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
      redraw();
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
      get building() { return changed || coming !== null; },
    };
  }

  document.querySelectorAll(".vg-lab").forEach(start);
})(globalThis.Laboratory ??= {});
