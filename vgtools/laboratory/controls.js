/* The elements of the page that a reader uses: buttons, sliders and choices. */
((lab) => {
  "use strict";

  /* Returns an element with attributes and children. */
  function make(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function button(text, act, attributes = {}) {
    const made = make("button", { type: "button", ...attributes }, text);
    made.addEventListener("click", act);
    return made;
  }

  /* Returns a labelled control {box, show}: `now` returns the value of the settings, `change` takes
     another one. */
  function control({ name, title, choice, values, low, high, step }, now, change) {
    const id = `lab-${name}`;
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
    // A touch may be the begin of a scroll: it counts when it goes along the slider, or ends.
    let touch = null;
    const settle = () => {
      if (touch && get() !== now()) change(get());
      touch = null;
    };
    input.addEventListener("input", () => touch || change(get()));
    if (output) {
      input.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "touch") touch = event;
      });
      input.addEventListener("pointermove", ({ clientX, clientY }) => {
        if (touch && Math.abs(clientX - touch.clientX) > Math.abs(clientY - touch.clientY)) settle();
      });
      input.addEventListener("pointerup", settle);
      input.addEventListener("pointercancel", () => {
        if (touch) show(now());
        touch = null;
      });
    }
    const box = make("div", { class: choice ? "vg-lab-control" : "vg-lab-control vg-lab-slider" },
      label, output, input);
    return { box, show };
  }

  Object.assign(lab, { make, button, control });
})(globalThis.Laboratory ??= {});
