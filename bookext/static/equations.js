// MathJax, all of it from the book. Only elements that Sphinx marked as
// mathematics are typeset, and nothing is fetched while a reader reads.
window.MathJax = {
  loader: {
    load: ["input/tex", "output/svg", "a11y/assistive-mml"],
  },
  tex: { packages: { "[-]": ["autoload", "noundefined", "require"] } },
  options: {
    ignoreHtmlClass: ".*",
    processHtmlClass: "math",
  },
  startup: {
    pageReady: () => MathJax.startup.defaultPageReady().then(watchWideEquations),
  },
};

// An equation that is wider than its column scrolls inside its own box, so the
// keyboard has to be able to reach that box.
function watchWideEquations() {
  const boxes = document.querySelectorAll("mjx-container[display=true]");
  const update = (box) => {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "Equation, scrolls sideways");
    } else {
      ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
    }
  };
  const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => update(target)));
  boxes.forEach((box) => observer.observe(box));
}
