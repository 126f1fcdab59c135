/* The run as a cell of Python, which gives the same numbers. */
((lab) => {
  "use strict";

  const given = (name, value, usual) => value === usual ? "" : `, ${name}=${value}`;

  /* Returns the cell. `rates` are the learning rates by the step at which each began. */
  function pythonCell(own, steps, rates) {
    const { width, layers, activation, init } = own, rule = lab.ruleOf(own);
    const normalisation = own.normalisation === "none" ? "" : `, normalisation="${own.normalisation}"`;
    const plain = own.shortcut === "plain";
    const make = plain ? `vg.MLP([64, *[${width}] * ${layers}, 10]`
      : `vg.ResidualMLP([64, ${width}, 10], ${layers}`;
    const shortcut = plain ? "" : `, shortcut="${own.shortcut}"`;
    const [first] = rates, momentum = given("momentum", rule.momentum, undefined);
    const lines = [
      "import vgtools as vg",
      "from vgtools import laboratory",
      "",
      "data = vg.datasets.digits()",
      `network = ${make}, "${activation}", init="${init}"${normalisation}${shortcut})`,
      `laboratory.draw(network, seed=${own.seed}` +
        `${given("gain", own.gain, 1)}${given("bias_std", own.bias, 0)})`,
      `rule = vg.optimiser("${rule.name}", learning_rate=${first[1]}${momentum})`,
      `batches = laboratory.batches(1400, batch_size=${own.batch}, seed=${own.seed})`,
    ];
    if (rates.length > 1) {
      lines.push(`rates = {${rates.map(([step, rate]) => `${step}: ${rate}`).join(", ")}}`);
    }
    lines.push(
      `for step in range(${steps}):`,
      ...rates.length > 1 ? ["    rule.learning_rate = rates.get(step, rule.learning_rate)"] : [],
      "    batch = next(batches)",
      "    logits = network.forward(data.x_train[batch], training=True)",
      "    loss, gradient = vg.networks.cross_entropy(logits, data.y_train[batch])",
      "    network.backward(gradient)",
      "    rule.step(network.parameters())",
      "accuracy = (network.forward(data.x_test).argmax(axis=1) == data.y_test).mean()",
      "x, y = data.x_train[:50], data.y_train[:50]",
      "flow = vg.gradient_flow(network, x, y, training=True)",
      "accuracy, flow.gradient[0], flow.gradient[-1]",
    );
    return lines.join("\n");
  }

  lab.pythonCell = pythonCell;
})(globalThis.Laboratory ??= {});
