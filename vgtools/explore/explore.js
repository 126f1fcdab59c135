/* Moves the explorable figures of a page, and keeps their state in its address.
   The frames were computed when the page was built and travel as slots:
   [element, attribute, controls, values, positions?].
   The address of a state: page.html?figure.control=label#figure, without what is as at first. */
(() => {
  const DESCRIPTION = -1, TEXT = "", CHILDREN = "*", SWEEP = 4000, FASTEST = 60;
  const later = window.requestIdleCallback ?? setTimeout;  // the controls need not wait for frames
  const GEOMETRY = new Set("d x y x1 x2 y1 y2 cx cy r width height points transform".split(" "));
  const NUMBER = /-?(?:\d*\.)?\d+(?:e[-+]?\d+)?/g, OPACITY = /(?<=opacity:)[\d.]+/g;
  const GLIDE = 700, still = matchMedia("(prefers-reduced-motion: reduce)");
  const PAUSE = 300, THANKS = 4000;  // Safari takes 100 addresses in 30 seconds

  function start(figure) {
    const inputs = [...figure.querySelectorAll("[data-control]")];
    const first = inputs.map(getPlace);
    let slots, timer = 0, finish = () => {};

    /* Null while the frames are on their way. */
    function read() {
      if (slots) return slots;
      if (document.readyState === "loading" && !figure.nextSibling) return null;
      const frames = figure.querySelector(":scope > script[type='application/json']");
      const data = JSON.parse(frames.textContent);
      const elements = [...figure.querySelectorAll(".vg-panels > svg")]
        .flatMap((svg) => [svg, ...svg.querySelectorAll("*")]);
      return slots = data.slots.map(([element, name, controls, values, positions]) => {
        const at = (places) => {
          let place = 0;
          for (const control of controls) place = place * data.shape[control] + places[control];
          return positions ? positions[place] : place;
        };
        const target = element === DESCRIPTION ? figure.querySelector(".vg-says") : elements[element];
        return { target, name, values, at, shown: at(first) };
      });
    }

    /* Shows the state of the controls, at once or in so many milliseconds. */
    function draw(duration = 0) {
      if (!read()) return document.addEventListener("DOMContentLoaded", () => draw());
      finish();
      const places = inputs.map(getPlace), moves = [];
      markStop(places);
      for (const slot of slots) {
        const at = slot.at(places);
        if (slot.shown === at) continue;
        const { target, name } = slot, value = slot.values[at];
        const moving = GEOMETRY.has(name) ? NUMBER : name === "style" ? OPACITY : null;
        const way = duration && moving && between(slot.values[slot.shown], value, moving);
        slot.shown = at;
        if (way) moves.push([slot, way]);
        else if (name === TEXT) target.textContent = value;
        else if (name === CHILDREN) target.innerHTML = value;
        else if (value === null) target.removeAttribute(name);
        else target.setAttribute(name, value);
      }
      if (!moves.length) return;
      let frame = 0;
      const begin = performance.now();
      finish = () => {
        cancelAnimationFrame(frame);
        for (const [slot] of moves) slot.target.setAttribute(slot.name, slot.values[slot.shown]);
        finish = () => {};
      };
      const step = (now) => {
        const share = (now - begin) / duration;
        if (share >= 1) return finish();
        for (const [slot, way] of moves) slot.target.setAttribute(slot.name, way(Math.max(0, share)));
        frame = requestAnimationFrame(step);
      };
      step(begin);
    }

    const stops = [...figure.querySelectorAll(".vg-tour > li")].map((item) => {
      const places = item.dataset.places.split(" ").map(Number);
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = item.firstElementChild.textContent;
      button.addEventListener("click", () => {
        inputs.forEach((input, number) => setPlace(input, places[number]));
        draw(still.matches ? 0 : GLIDE);
        save();
      });
      item.firstElementChild.replaceWith(button);
      return { item, places };
    });

    function markStop(places) {
      for (const { item, places: own } of stops) {
        item.toggleAttribute("data-here", own.every((place, number) => place === places[number]));
      }
    }

    /* On paper every stop shows its drawing. */
    if (stops.length) {
      addEventListener("beforeprint", () => {
        const before = inputs.map(getPlace);
        for (const { item, places } of stops) {
          inputs.forEach((input, number) => setPlace(input, places[number]));
          draw();
          const copy = figure.querySelector(".vg-panels").cloneNode(true);
          for (const element of [copy, ...copy.querySelectorAll("[id]")]) element.removeAttribute("id");
          item.append(copy);
        }
        inputs.forEach((input, number) => setPlace(input, before[number]));
        draw();
      });
      addEventListener("afterprint", () => {
        for (const { item } of stops) item.querySelector(".vg-panels")?.remove();
      });
    }

    const key = (input) => `${figure.id}.${input.dataset.control}`;

    function write(address) {
      inputs.forEach((input, number) => {
        const place = getPlace(input);
        if (place === first[number]) address.searchParams.delete(key(input));
        else address.searchParams.set(key(input), labelsOf(input)[place]);
      });
      return address;
    }

    function save() {
      try {
        history.replaceState(history.state, "", write(new URL(location)));
      } catch {
        // It moves all the same.
      }
    }

    function restore() {
      const wanted = new URL(location).searchParams;
      let moved = false;
      inputs.forEach((input, number) => {
        const found = find(input, wanted.get(key(input)));
        const place = found < 0 ? first[number] : found;
        if (place === getPlace(input)) return;
        setPlace(input, place);
        moved = true;
      });
      if (moved) draw();
    }

    for (const input of inputs) {
      const move = (duration) => {
        setPlace(input, getPlace(input));
        draw(duration);
        clearTimeout(timer);
        timer = setTimeout(save, PAUSE);
      };
      input.addEventListener("input", () => move());
      const button = input.parentElement.querySelector(".vg-play");
      if (button) playable(input, button, move);
      const own = `[data-drag^="${input.dataset.control} "]`;
      for (const panel of figure.querySelectorAll(own)) draggable(panel, input, move);
    }
    shareable(figure, () => {
      const address = new URL(location);
      address.search = "";
      address.hash = figure.id;
      return write(address).href;
    });
    for (const one of figure.querySelectorAll("input, select, button")) {
      one.dataset.lmSuppressShortcuts = "";  // of JupyterLab
    }
    restore();
    addEventListener("popstate", restore);
    playInView(figure, () => inputs.every((input, number) => getPlace(input) === first[number]));
    figure.querySelector(".vg-controls").hidden = false;
    figure.querySelector(".vg-tour")?.classList.add("vg-guided");
    markStop(inputs.map(getPlace));
    later(read);
  }

  /* What lies between two values of an attribute, by share; null if they differ in more than
     the numbers that move. */
  function between(one, other, moving) {
    const formOf = (value) => value?.replace(moving, "\0").replace(/[\s,]+/g, "");
    const form = formOf(one);
    if (!form || form !== formOf(other)) return null;
    const from = one.match(moving) ?? [], to = other.match(moving) ?? [];
    return (share) => {
      let number = 0;
      return form.replaceAll("\0", () => {
        const start = +from[number], end = +to[number++];
        return ` ${(start + (end - start) * share).toFixed(2)}`;
      });
    };
  }

  function getPlace(input) {
    return input.type === "checkbox" ? +input.checked
      : input.type === "range" ? +input.value : input.selectedIndex;
  }

  function setPlace(input, place) {
    if (input.type === "checkbox") input.checked = place;
    else if (input.type !== "range") input.selectedIndex = place;
    else {
      const label = input.dataset.labels.split("|")[place];
      input.value = place;
      input.setAttribute("aria-valuetext", label);
      input.nextElementSibling.textContent = label;
    }
  }

  const plain = (text) => text.replaceAll("\u2212", "-");

  /* What stands in an address for each place of a control. */
  function labelsOf(input) {
    const labels = input.type === "checkbox" ? ["off", "on"]
      : input.type === "range" ? input.dataset.labels.split("|")
        : [...input.options].map((option) => option.text);
    return labels.map(plain);
  }

  /* A slider takes its nearest value, so that a link survives another grid. */
  function find(input, written) {
    const labels = labelsOf(input), wanted = plain(written ?? ""), exact = labels.indexOf(wanted);
    if (exact >= 0 || input.type !== "range" || !wanted.trim() || !isFinite(wanted)) return exact;
    const far = labels.map((label) => Math.abs(label - wanted));
    return far.indexOf(Math.min(...far));
  }

  function shareable(figure, link) {
    const button = figure.querySelector(".vg-link");
    const status = button.nextElementSibling;
    button.addEventListener("click", async () => {
      status.textContent = "";
      try {
        await navigator.clipboard.writeText(link());
        status.textContent = "Copied";
        setTimeout(() => { status.textContent = ""; }, THANKS);
      } catch {
        prompt("Copy this link:", link());
      }
    });
  }

  function playable(input, button, move) {
    let timer = 0;
    const last = +input.max;
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      button.setAttribute("aria-pressed", "false");
    };
    button.addEventListener("click", () => {
      if (timer) return stop();
      const pace = Math.max(FASTEST, SWEEP / (last + 1));
      if (+input.value === last) {
        input.value = 0;
        move();
      } else {
        input.value = +input.value + 1;
        move(pace);
      }
      button.setAttribute("aria-pressed", "true");
      timer = setInterval(() => {
        if (+input.value === last) return stop();
        input.value = +input.value + 1;
        move(pace);
      }, pace);
    });
    input.addEventListener("pointerdown", stop);
    input.addEventListener("keydown", stop);
  }

  /* A pointer on a panel moves the slider whose values lie on its horizontal axis. */
  function draggable(panel, input, move) {
    const [start, end] = panel.dataset.drag.split(" ").slice(1).map(Number);
    const follow = (event) => {
      const box = panel.getBoundingClientRect(), { x, width } = panel.viewBox.baseVal;
      const at = x + (event.clientX - box.left) / box.width * width;
      input.value = Math.round((at - start) / (end - start) * input.max);  // a range has two ends
      move();
    };
    panel.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      input.dispatchEvent(new Event("pointerdown"));  // ends a play
      panel.setPointerCapture(event.pointerId);
      follow(event);
    });
    panel.addEventListener("pointermove", (event) => {
      if (panel.hasPointerCapture(event.pointerId)) follow(event);
    });
  }

  /* Plays a slider once when its figure is seen, if nobody has moved it. */
  function playInView(figure, untouched) {
    const { autoplay } = figure.dataset;
    if (!autoplay || still.matches) return;
    new IntersectionObserver(([{ isIntersecting }], observer) => {
      if (!isIntersecting) return;
      observer.disconnect();
      const input = figure.querySelector(`[data-control="${autoplay}"]`);
      if (untouched()) input.parentElement.querySelector(".vg-play").click();
    }, { threshold: 0.6 }).observe(figure.querySelector(".vg-panels"));
  }

  /* While the page is being read, the controls are whole once a script has come after them.
     To start at once spares painting a figure without them. */
  function startAll() {
    for (const figure of document.querySelectorAll(".vg-explore:not([data-started])")) {
      if (!figure.querySelector(":scope > .vg-controls ~ script")) continue;
      figure.dataset.started = "";
      start(figure);
    }
  }

  startAll();
  document.addEventListener("DOMContentLoaded", startAll);
})();
