/* Moves the explorable figures of a page. The frames were computed when the page was
   built and travel as slots: [element, attribute, controls, values, positions?]. */
(() => {
  const DESCRIPTION = -1, TEXT = "", CHILDREN = "*", SWEEP = 4000, FASTEST = 60;

  function start(figure) {
    const data = JSON.parse(figure.querySelector(":scope > script[type='application/json']").textContent);
    const elements = [...figure.querySelectorAll(".vg-panels > svg")]
      .flatMap((svg) => [svg, ...svg.querySelectorAll("*")]);
    const inputs = [...figure.querySelectorAll("[data-control]")];
    const shown = [];

    const place = (input) => input.type === "checkbox" ? +input.checked
      : input.type === "range" ? +input.value : input.selectedIndex;

    function draw() {
      const places = inputs.map(place);
      data.slots.forEach(([element, name, controls, values, positions], number) => {
        let at = 0;
        for (const control of controls) at = at * data.shape[control] + places[control];
        if (positions) at = positions[at];
        if (shown[number] === at) return;
        shown[number] = at;
        const target = element === DESCRIPTION ? figure.querySelector(".vg-says") : elements[element];
        const value = values[at];
        if (name === TEXT) target.textContent = value;
        else if (name === CHILDREN) target.innerHTML = value;
        else if (value === null) target.removeAttribute(name);
        else target.setAttribute(name, value);
      });
    }

    for (const input of inputs) {
      const move = () => {
        if (input.type === "range") {
          const label = input.dataset.labels.split("|")[input.value];
          input.setAttribute("aria-valuetext", label);
          input.nextElementSibling.textContent = label;
        }
        draw();
      };
      input.addEventListener("input", move);
      const button = input.parentElement.querySelector(".vg-play");
      if (button) playable(input, button, move);
    }
    figure.querySelector(".vg-controls").hidden = false;
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
      if (+input.value === last) input.value = 0;
      else input.value = +input.value + 1;
      move();
      button.setAttribute("aria-pressed", "true");
      timer = setInterval(() => {
        if (+input.value === last) return stop();
        input.value = +input.value + 1;
        move();
      }, Math.max(FASTEST, SWEEP / (last + 1)));
    });
    input.addEventListener("pointerdown", stop);
    input.addEventListener("keydown", stop);
  }

  function startAll() {
    for (const figure of document.querySelectorAll(".vg-explore:not([data-started])")) {
      figure.dataset.started = "";
      if (figure.querySelector(".vg-controls")) start(figure);
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
  else startAll();
})();
