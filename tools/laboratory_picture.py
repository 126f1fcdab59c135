"""Draw the picture of the laboratory that stands where no script runs.

``python -m tools.laboratory_picture`` opens the laboratory in Chromium, trains two networks and
keeps two of its panels.
"""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page

from tools.browser import chromium
from vgtools import laboratory

STILL = Path(laboratory.__file__).with_name("still.html")
STEPS = 200
DRAW = r"""steps => {
  const press = (name) => [...document.querySelectorAll(".vg-lab button")]
    .find((button) => button.textContent === name).click();
  const train = () => {
    press("Same draw");
    press("One step");  // which builds the network
    const { experiment } = Laboratory.bench;
    for (let step = 1; step < steps; step++) {
      Laboratory.finished(experiment.stepping());
      while (experiment.tested) Laboratory.finished(experiment.testing());
    }
    Laboratory.bench.redraw();
  };
  train();
  press("Pin this run");
  const weights = document.getElementById("lab-init");
  weights.value = "he";
  weights.dispatchEvent(new Event("input"));
  train();
  Laboratory.bench.redraw();
  const style = getComputedStyle(document.querySelector(".vg-lab"));
  const shown = ["gradient", "course"].map((name) => Laboratory.bench.panels[name].box.outerHTML);
  return shown.join("\n").replace(/var\((--[\w-]+)\)/g, (whole, name) =>
    `var(${name},${style.getPropertyValue(name).trim()})`);  // the second is for paper
}"""


def picture(page: Page) -> str:
    """Return two panels of the laboratory on a page, after training."""
    panels = (
        page.evaluate(DRAW, STEPS).replace(">pinned<", ">Glorot<").replace(">this run<", ">He<")
    )
    panels = re.sub(r'role="img" aria-label="[^"]*"', 'aria-hidden="true"', panels)
    colour = 'style="--vg-run: var(--vg-green)"'
    return f'<div class="vg-lab-panels" {colour}>\n{panels}\n</div>\n'


def main() -> None:
    """Write the picture."""
    with chromium() as browser:
        page = browser.new_page()
        page.set_content(laboratory.page().to_html())
        STILL.write_text(picture(page), encoding="utf-8")


if __name__ == "__main__":
    main()
