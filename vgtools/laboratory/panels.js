/* Drawings that change while a network learns: SVG whose parts are made once and then moved. */
((lab) => {
  "use strict";

  const WIDTH = 340, HEIGHT = 176, LEFT = 46, TOP = 22, BOTTOM = 30;
  const STROKES = {
    run: ["var(--vg-run)", 2], pin: ["var(--vg-grey)", 2], theory: ["var(--vg-ink)", 1.3],
  };
  const DASHES = { solid: "none", dashed: "6 3", dotted: "1.5 3" };
  const FEW = 40;  // layers that are marked by dots

  const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const raised = (power) => (power < 0 ? "⁻" : "")
    + [...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[digit]).join("");

  /* Writes a number of any size with two digits, such as 0.021 or 4.0·10⁻⁷. */
  function short(value) {
    if (value === 0) return "0";
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "no number" : "infinite";
    const size = Math.abs(value);
    if (size < 1e-3 || size >= 1e4) {
      const [digits, power] = value.toExponential(1).split("e");
      return `${digits.replace("-", "−")}·10${raised(Number(power))}`;
    }
    const places = Math.max(0, 1 - Math.floor(Math.log10(size)));
    return value.toFixed(places).replace("-", "−");
  }

  /* Writes a round number at an axis, with a power of ten where it would be cut. */
  function plain(value) {
    const text = String(Number(value.toPrecision(3))).replace("-", "−");
    return text.length < 6 ? text : short(value).replace(".0·", "·");
  }

  function element(name, attributes, parent) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    parent?.append(made);
    return made;
  }

  /* Returns round numbers from low to high, about `count` of them. */
  function ticks(low, high, count) {
    const rough = (high - low) / count, size = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((digit) => digit * size).find((each) => each >= rough * 0.999);
    const found = [];
    for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) found.push(n * step);
    return found;
  }

  const layerTicks = (layers) => [1, ...ticks(1, layers, 5)
    .filter((at) => at > 1 && Number.isInteger(at) && layers - at > 0.07 * layers),
    ...layers > 1 ? [layers] : []];

  /* A panel. `log`: the height is a power of ten; else from `low` to `high`, or as far as the
     values go. `right`: lines with `right` go from 0 % to 100 %. */
  class Panel {
    constructor(title, xTitle, given = {}) {
      Object.assign(this, { title, xTitle, log: false, right: false, room: given.right ? 42 : 12 }, given);
      this.box = document.createElement("div");
      this.box.className = "vg-lab-panel";
      this.heading = document.createElement("p");
      this.heading.textContent = title;
      this.svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
      this.box.append(this.heading, this.svg);
      if (given.note) {
        const note = document.createElement("p");
        note.className = "vg-lab-note";
        note.textContent = given.note;
        this.box.append(note);
      }
      this.axes = element("g", { "font-size": 11, fill: "var(--vg-ink)" }, this.svg);
      this.marks = element("g", { fill: "none", "stroke-linejoin": "round" }, this.svg);
      this.paths = [];
      this.drawnAxes = "";
      this.forget();
    }

    /* Lets the next drawing choose its range. */
    forget() {
      this.range = null;
    }

    /* Draws lines {values, at, kind, dash, right, key} and bands {low, high, kind}. `at` are places
       on the horizontal axis; layers are counted from 1. */
    draw(lines, bands, last, first = 1) {
      this.fit([...lines.filter((line) => !line.right).map(({ values }) => values),
        ...bands.flatMap(({ low, high }) => [low, high])]);
      this.x = (at) => LEFT + (last === first ? 0.5 : (at - first) / (last - first))
        * (WIDTH - LEFT - this.room);
      this.drawAxes(lines, first, last);
      let used = 0;
      const put = (d, attributes) => {
        const path = this.paths[used] ??= element("path", {}, this.marks);
        used += 1;
        for (const [key, value] of Object.entries({
          d, fill: "none", stroke: "none", "fill-opacity": 1, "stroke-dasharray": "none",
          "stroke-linecap": "butt", "stroke-width": 2, ...attributes,
        })) if (path.getAttribute(key) !== String(value)) path.setAttribute(key, value);
      };
      for (const { low, high, kind } of bands) {
        const end = low.findIndex((value, i) => !Number.isFinite(high[i] - value));
        const [edge, back] = [low, high].map((values) => values.slice(0, end < 0 ? undefined : end)
          .map((value, i) => `${this.px(i + 1)} ${this.py(value)}`));
        if (!edge.length) continue;
        back.reverse();
        put(`M${[...edge, ...back].join("L")}Z`, { fill: STROKES[kind][0], "fill-opacity": 0.25 });
      }
      for (const { values, at, kind, dash = "solid", right = false } of lines) {
        const [stroke, width] = STROKES[kind];
        put(this.path(values, at, right),
          { stroke, "stroke-width": width, "stroke-dasharray": DASHES[dash] });
        if (kind === "run" && !at && values.length <= FEW && dash === "solid") {
          put(this.path(values, at, right, true),
            { stroke, "stroke-width": 4.5, "stroke-linecap": "round" });
        }
      }
      for (; used < this.paths.length; used++) this.paths[used].setAttribute("d", "");
    }

    px(at) {
      return this.x(at).toFixed(1);
    }

    /* The height of a value, kept within the panel. */
    py(value, right = false) {
      const [low, high] = right ? [0, 1] : this.range;
      const place = this.log && !right ? Math.log10(value) : value;
      const share = Math.min(1, Math.max(0, (place - low) / (high - low)));
      return (HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)).toFixed(1);
    }

    /* A line, with gaps where there is no number; or its points alone. */
    path(values, at, right, dots = false) {
      let d = "", pen = "M";
      values.forEach((value, i) => {
        const there = Number.isFinite(value) && (!this.log || right || value > 0);
        if (there) d += `${dots ? "M" : pen}${this.px(at ? at[i] : i + 1)} ${this.py(value, right)}${dots ? "h0" : ""}`;
        pen = there ? "L" : "M";
      });
      return d;
    }

    /* Chooses the range. It grows at once, and shrinks when half of it would do. */
    fit(lists) {
      let low = Infinity, high = -Infinity;
      for (const value of lists.flat()) {
        const place = this.log ? Math.log10(value) : value;
        if (!Number.isFinite(place)) continue;
        low = Math.min(low, place);
        high = Math.max(high, place);
      }
      this.bare = low > high;
      if (this.bare) [low, high] = this.log ? [-2, 0] : [0, 1];
      if (this.log) {
        low = Math.floor(low + 0.05);
        high = Math.ceil(high - 0.05);
        if (high - low < 2) [low, high] = [low - 1, Math.max(high, low + 1)];
      } else {
        const size = Math.max(high, -low, 1e-12), step = 10 ** Math.floor(Math.log10(size)) / 2;
        high = Math.max(this.high ?? -Infinity, Math.ceil(high / step) * step);
        low = this.low ?? Math.floor(low / step) * step;
        if (high <= low) high = low + 1;
      }
      const [oldLow, oldHigh] = this.range ?? [low, high];
      const keeps = low >= oldLow && high <= oldHigh && high - low > (oldHigh - oldLow) / 2;
      if (!this.range || !keeps) this.range = [low, high];
    }

    drawAxes(lines, first, last) {
      const [low, high] = this.range, keys = lines.filter(({ key }) => key);
      const heights = this.log ? ticks(low, high, Math.min(4, high - low)).filter(Number.isInteger)
        : ticks(low, high, 4);
      const across = first === 1 ? layerTicks(last) : ticks(first, last, 4);
      const wanted = JSON.stringify([low, high, first, last, this.bare, keys.map(({ key, kind }) => [key, kind])]);
      if (wanted === this.drawnAxes) return;
      this.drawnAxes = wanted;
      this.axes.replaceChildren();
      const bottom = HEIGHT - BOTTOM, end = WIDTH - this.room;
      const text = (content, x, y, anchor, more = {}) => {
        element("text", { x, y, "text-anchor": anchor, ...more }, this.axes).textContent = content;
      };
      for (const at of heights) {
        const y = this.py(this.log ? 10 ** at : at);
        element("path", { d: `M${LEFT} ${y}H${end}`, stroke: "var(--vg-grid)" }, this.axes);
        const label = this.log ? `10${raised(at)}` : this.percent ? `${Math.round(100 * at)} %` : plain(at);
        text(label, LEFT - 6, Number(y) + 4, "end", label.length > 6 ? { "font-size": 9 } : {});
      }
      if (this.right) {
        for (const share of [0, 0.5, 1]) {
          text(`${100 * share} %`, end + 5, Number(this.py(share, true)) + 4, "start");
        }
      }
      element("path", { d: `M${LEFT} ${bottom}H${end}`, stroke: "var(--vg-muted)" }, this.axes);
      for (const at of across) {
        element("path", { d: `M${this.px(at)} ${bottom}v4`, stroke: "var(--vg-muted)" }, this.axes);
        text(String(at), this.px(at), bottom + 15, "middle");
      }
      if (this.bare && this.empty) {
        text(this.empty, (LEFT + end) / 2, (TOP + bottom) / 2 + 4, "middle", { fill: "var(--vg-muted)" });
      }
      text(this.xTitle, (LEFT + end) / 2, HEIGHT - 3, "middle", { fill: "var(--vg-muted)" });
      let x = LEFT;
      for (const { key, kind, dash = "solid" } of keys) {
        const [stroke, width] = STROKES[kind];
        element("path", { d: `M${x} 10h18`, fill: "none", stroke, "stroke-width": width,
          "stroke-dasharray": DASHES[dash] }, this.axes);
        text(key, x + 22, 14, "start");
        x += 32 + 6 * key.length;
      }
    }
  }

  /* All panels as one SVG that needs no page: two columns, with the colours that it has here. */
  function picture(panels, figure, caption) {
    const style = getComputedStyle(figure), rows = Math.ceil(panels.length / 2), tall = HEIGHT + 26;
    const root = element("svg", {
      xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${2 * WIDTH + 30} ${rows * tall + 44}`,
      width: 2 * WIDTH + 30, height: rows * tall + 44, "font-family": "system-ui, sans-serif",
    });
    element("rect", { width: "100%", height: "100%", fill: "var(--vg-page)" }, root);
    panels.forEach((panel, number) => {
      const x = 10 + number % 2 * (WIDTH + 10), y = 20 + Math.floor(number / 2) * tall;
      element("text", { x, y, "font-size": 13, "font-weight": 600, fill: "var(--vg-ink)" }, root)
        .textContent = panel.heading.textContent;
      const copy = panel.svg.cloneNode(true);
      for (const [key, value] of Object.entries({ x, y: y + 4, width: WIDTH, height: HEIGHT })) {
        copy.setAttribute(key, value);
      }
      root.append(copy);
    });
    element("text", { x: 10, y: rows * tall + 32, "font-size": 11, fill: "var(--vg-ink)" }, root)
      .textContent = caption;
    return new XMLSerializer().serializeToString(root).replace(/var\((--[\w-]+)\)/g,
      (whole, name) => style.getPropertyValue(name).trim() || "currentColor");
  }

  Object.assign(lab, { Panel, picture, short });
})(globalThis.Laboratory ??= {});
