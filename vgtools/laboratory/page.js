/* The laboratory as a page: controls, a network that learns between two turns of the browser, and
   what is said. */
((lab) => {
  "use strict";
  const { button, Experiment, finished, lossText, make, short } = lab;

  const SLICE = 8;  // milliseconds of work, after which the browser has a turn
  const PATIENCE = 500;  // for a network that is built; a later change then replaces it
  const DRAWING = 180, CALM = 500;  // between two drawings; with reduced motion
  const SENTENCE = 1000, ALOUD = 5000;  // between two sentences, seen and read aloud
  const PAUSE = 300, NOTE = 8000;  // until the address is written; that a message stays
  const AGAIN = "The run had diverged. It begins again from the same draw.";
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  function start(figure) {
    const { digits, activations } = JSON.parse(
      figure.querySelector("script[type='application/json']").textContent);
    const titles = Object.fromEntries(
      Object.entries(activations).map(([name, { title }]) => [name, title]));
    const table = lab.controls(titles), data = lab.digits(digits);
    const moment = data.x_train.reduce((sum, x) => sum + x * x, 0) / data.x_train.length;
    const panels = lab.panels();
    let { settings, refused } = lab.read(table, location.search);
    let experiment = null, pinned = null, training = false, saving = 0;
    let changed = true;  // another network is wanted
    let coming = null, begun = 0;  // the experiment that is built and not drawn yet, and since when
    // `drawn` is infinite when there is nothing left to draw.
    let drawn = -Infinity, spoken = -Infinity, aloud = -Infinity;
    let job = null, waiting = false;  // work that is under way; a turn for it will come
    let gone = "", noted = 0;  // of a run that a change has ended; the timer of a message

    // What is on the page

    const inputs = {};
    const control = (entry) => {
      const made = lab.control(entry, () => settings[entry.name], (value) => change(entry, value));
      inputs[entry.name] = made;
      return made.box;
    };

    const trainButton = button("Train", () => train(!training), { class: "vg-lab-train" });
    const unpin = button("Remove the pin", () => {
      pinned = null;
      unpin.hidden = true;
      pinButton.focus();
      paint();
    }, { hidden: "" });
    const pinButton = button("Pin this run", () => {
      redraw();
      tell(`Pinned${pinned ? " in the place of the one before" : ""}. The next run is drawn beside it.`);
      pinned = experiment.pin();
      unpin.hidden = false;
      paint();
    });
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
      pinButton,
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
    figure.append(side, make("div", { class: "vg-lab-main" }, notice, says, status, grey, shown, others, python), voice);

    // What changes

    function showSettings() {
      for (const { name } of table) inputs[name].show(settings[name]);
    }

    function tell(text, trouble = "") {
      status.textContent = text;
      notice.textContent = trouble;
      clearTimeout(noted);
      noted = setTimeout(() => { status.textContent = gone = ""; }, NOTE);
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
      else if (ended()) tell("The run has ended. Train begins again, with this rate.");
      else (coming ?? experiment)?.setRate(value);
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

    function* painting() {
      yield* lab.showing(panels, experiment, pinned);
      grey.textContent = pinned ? inGrey(pinned) : "";
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
        panel.svg.setAttribute("aria-label", `${panel.title}. ${lab.summary(panels, panel, experiment)}`);
      }
      const now = performance.now();
      spoken = experiment.run.steps ? now : -Infinity;  // the first step is said at once
      if (!loud) return;
      voice.textContent = text;
      aloud = now;
    }

    const announce = () => speak(true);

    /* What a link or a picture leaves out. */
    function onlyPresent(what) {
      return !(coming ?? experiment)?.rates.some(([, rate]) => rate !== settings.rate) ? ""
        : ` The learning rate changed on the way: the ${what} holds the present rate only.`;
    }

    async function copy(text, warning = "") {
      try {
        await navigator.clipboard.writeText(text);
        tell(`Copied.${warning}`);
      } catch {
        tell(warning.trim());
        prompt("Copy this:", text);
      }
    }

    function savePicture() {
      redraw();
      const text = lab.picture(Object.values(panels), figure,
        `${experiment.name}, step ${experiment.run.steps}${pinned ? `; in grey: ${pinned.name}` : ""}`);
      const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      make("a", { href: address, download: "laboratory.svg" }).click();
      tell(onlyPresent("picture").trim());
      setTimeout(() => URL.revokeObjectURL(address), NOTE);
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
