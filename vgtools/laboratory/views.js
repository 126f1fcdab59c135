/* What the panels show of an experiment: as lines, and in numbers for who cannot see them. */
((lab) => {
  "use strict";
  const { Panel, short } = lab;

  const TOP = 8;  // loss at the top of its panel, unless all are higher

  const panels = () => ({
    gradient: new Panel("Gradient in each layer", "layer", { log: true }),
    course: new Panel("Loss and right answers", "step",
      { low: 0, right: true, empty: "after the first step" }),
    signal: new Panel("Signal in each layer", "layer", { log: true }),
    spread: new Panel("Outputs: median, middle half, 90 %", "layer"),
    units: new Panel("Dead and saturated units", "layer", {
      low: 0, high: 1, percent: true,
      note: "Saturated: the size of the slope is below 5 % of its maximum. For ReLU: output 0.",
    }),
    update: new Panel("Last update, as a share of the weights", "layer",
      { log: true, empty: "after the first step" }),
  });

  /* Draws the panels, with a pause after each. `old` is a pinned run or null. */
  function* showing(panels, experiment, old) {
    const { flow, spread, theory } = experiment;
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
    const now = experiment.loss.copy(), all = [...now.values, ...old ? old.loss.values : []];
    // What diverges would press all other losses to the ground.
    const top = Math.max(TOP, 4 * Math.min(...all)), cut = Math.max(...all) > top;
    const below = ({ at, values }) => ({ at, values: values.map((loss) => Math.min(loss, top)) });
    panels.course.draw([
      ...old ? [{ ...below(old.loss), kind: "pin" },
        { ...old.accuracy, kind: "pin", dash: "dashed", right: true }] : [],
      { ...below(now), kind: "run", key: cut ? "loss, cut at the top" : "loss" },
      { ...experiment.accuracy.copy(), kind: "run", dash: "dashed", right: true, key: "right answers" },
    ], [], end, 0);
  }

  /* What a panel shows, in numbers. */
  function summary(panels, panel, experiment) {
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

  Object.assign(lab, { panels, showing, summary });
})(globalThis.Laboratory ??= {});
