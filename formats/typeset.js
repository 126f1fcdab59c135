// What happens to the mathematics of the joined book, with the book's own MathJax.
// `equations.js` of the book comes before, so that both use the same macros and packages,
// and MathJax comes after, so that it waits until it is called.
MathJax.options.enableAssistiveMml = false;
MathJax.startup.typeset = false;
delete MathJax.startup.pageReady;

// Sphinx marks mathematics with the class `math` and writes \(...\) or \[...\] into it.
function formulas() {
  return [...document.querySelectorAll(".math")].map((element) => {
    const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const typed = texts.map((node) => node.data).join("").trim();
    const tex = typed.replace(/^\\[([]|\\[)\]]$/g, "").trim();
    return { element, texts, tex, display: typed.startsWith("\\[") };
  });
}

// The TeX of a formula without what only places it.
function words(tex) {
  return tex
    .replace(/\\(begin|end)\{(split|aligned|gathered)\}|\\(left|right|small|q?quad)(?![a-z])|&/g, " ")
    .replace(/\\\\(\[\w+\])?/g, "; ")
    .replace(/\s+/g, " ")
    .trim();
}

// For print: drawings, each a picture with its TeX as the alternative text.
async function typesetDrawings() {
  await MathJax.startup.promise;
  const found = formulas();
  await MathJax.typesetPromise();
  for (const { element, tex } of found) {
    const container = element.querySelector("mjx-container");
    container.setAttribute("role", "img");
    container.setAttribute("aria-label", words(tex));
  }
  return troubles("[data-mjx-error], [data-mml-node=merror], mjx-assistive-mml");
}

// For the EPUB: MathML, without the notes that MathJax leaves in it.
async function typesetMarkup() {
  await MathJax.startup.promise;
  for (const { element, texts, tex, display } of formulas()) {
    texts.forEach((node) => node.remove());
    const markup = await MathJax.tex2mmlPromise(tex, { display });
    element.insertAdjacentHTML("beforeend", markup);
    const math = element.lastElementChild;
    math.setAttribute("alttext", words(tex));
    math.querySelectorAll("[mathvariant]").forEach(letter);
    math.querySelectorAll("mtable").forEach(align);
    for (const part of [math, ...math.querySelectorAll("*")]) {
      [...part.attributes]
        .filter(({ name }) => name.startsWith("data-") || name === "class")
        .forEach(({ name }) => part.removeAttribute(name));
    }
  }
  return troubles("merror, mjx-container, .math:not(:has(> math[alttext]))");
}

// Reading systems draw letters as they are and lay tables out as CSS says; many know
// nothing of MathML's own attributes for both.
const LETTERS = { "double-struck": { I: "𝕀", N: "ℕ", R: "ℝ" }, bold: { 1: "𝟏" } };

function letter(element) {
  const known = LETTERS[element.getAttribute("mathvariant")]?.[element.textContent];
  if (!known) return;
  element.textContent = known;
  element.removeAttribute("mathvariant");
}

function align(table) {
  const sides = table.getAttribute("columnalign")?.split(" ") ?? ["center"];
  const gap = table.getAttribute("columnspacing") === "0em" ? "0" : "0.5em";
  for (const row of table.children) {
    [...row.children].forEach((cell, place, cells) => {
      const [before, after] = [place ? gap : "0", place < cells.length - 1 ? gap : "0"];
      const side = sides[Math.min(place, sides.length - 1)];
      cell.setAttribute("style", `padding: 0.2em ${after} 0.2em ${before}; text-align: ${side}`);
    });
  }
}

function troubles(selector) {
  return [...document.querySelectorAll(selector)].map(
    (element) => element.closest(".math")?.textContent ?? element.outerHTML,
  );
}

// Every chapter as XML, which only a browser writes from HTML without a loss.
function serialised() {
  const writer = new XMLSerializer();
  return [...document.querySelectorAll(".chapter")].map((chapter) => ({
    target: chapter.id,
    xml: writer.serializeToString(chapter),
  }));
}

// What is wider than the column, in print.
function overflowing() {
  const column = document.body.getBoundingClientRect();
  return [...document.querySelectorAll("body *")]
    .filter((element) => {
      if (element.ownerSVGElement) return false;
      const box = element.getBoundingClientRect();
      return box.width && (box.right > column.right + 1 || box.left < column.left - 1);
    })
    .map((element) => `${element.closest("[id]")?.id}: ${element.outerHTML.slice(0, 120)}`);
}

// The pages of links in print, as far as they are known.
function fillPages(pages) {
  for (const span of document.querySelectorAll("[data-page-of]")) {
    span.textContent = pages[span.dataset.pageOf] ?? "000";
  }
}
