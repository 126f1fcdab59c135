/* Searches the sections of the book, in sections.js, for the words in the address. */
(() => {
  const MOST = 30, AROUND = 110;
  const SILENT = new Set(`a about above after again all am an and any are as at be because been
    before being below between both but by can cannot could did do does doing down during each few
    for from further had has have having how i if in into is it its itself just me more most my no
    not of off on once only or other our out over own same should so some such than that the their
    them then there these they this those through to too under until up use used very was we were
    what when where which while who whom why will with would you your function good problem vs`.split(/\s+/));
  /* What else a reader may mean by a word. */
  const ALSO = {
    backprop: ["backpropagation"], bptt: ["time", "backpropagation"], dying: ["dead", "die"],
    die: ["dead", "dying"], died: ["dead"], dead: ["dying"], xavier: ["glorot"],
    glorot: ["xavier"], kaiming: ["he"], batchnorm: ["batch", "normalization"], bn: ["batch",
    "normalization"], layernorm: ["layer", "normalization"], rmsnorm: ["rms", "normalization"],
    norm: ["normalization"], resnet: ["residual"], skip: ["residual", "shortcut"], residual:
    ["shortcut"], dyt: ["dynamic"], identical: ["alike"], scaling: ["branch"], stuck: ["learn",
    "chance"], derivative: ["slope"], swish: ["silu"],
    silu: ["swish"], logistic: ["sigmoid"], saturation: ["saturated", "flat"],
    saturate: ["saturated", "flat"], initialization: ["weights"], explode: ["exploding"],
    explosion: ["exploding"], carousel: ["error"], nonlinearity: ["activation"], vanish:
    ["vanishing"], quantization: ["precision"], separable: ["separation"],
    separation: ["separated", "optimum"], converge: ["optimum"],
    differentiable: ["derivative"], timeline: ["changed", "history"], zero: ["0"], clip: ["clipping"],
  };

  /* One spelling for British and American, for singular and plural. */
  function spelt(word) {
    return word
      .replace(/is(e|ed|es|ing|ation|ations|er)$/, "iz$1").replace(/our(s|ed|ing)?$/, "or$1")
      .replace(/(?<=[^s])s$/, "");
  }

  const tokens = (text) => text.normalize("NFC").toLowerCase()
    .replace(/(\p{L}+)[-‑](\p{L}+)/gu, "$1$2 $1 $2").split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const known = (term) => SILENT.has(term) ? null : spelt(term);
  const also = (term) => Object.hasOwn(ALSO, term) ? ALSO[term] : [];
  const asked = (term) => SILENT.has(term) ? null : [spelt(term), ...also(spelt(term))];

  function makeIndex() {
    const index = new MiniSearch({
      fields: ["title", "names", "page", "text"], tokenize: tokens, processTerm: known,
    });
    index.addAll(bookSections.map(([, page, title, names, text], id) =>
      ({ id, page: title === page ? "" : page, title, names, text })));
    return index;
  }

  function find(words) {
    const index = makeIndex();
    const options = {
      processTerm: asked, boost: { title: 4, names: 4.5, page: 2 },
      prefix: (term) => term.length > 3,
      boostDocument: (id) => bookSections[id][0].includes("#term-") ? 0.5
        : /register|references|claims\.html#/.test(bookSections[id][0]) ? 0.3 : 1,
    };
    const found = index.search(words, options);
    return found.length ? found : index.search(words, { ...options, fuzzy: 1 });
  }

  /* The piece of a text around the first word that was found. */
  function piece(text, terms) {
    const low = text.toLowerCase();
    const places = terms.map((term) => low.indexOf(term)).filter((place) => place >= 0);
    const first = Math.max(0, Math.min(...places, text.length) - AROUND);
    const begin = places.length && first ? text.indexOf(" ", first) + 1 : 0;
    const end = text.indexOf(" ", begin + 2 * AROUND);
    return (begin ? "… " : "") + (end < 0 ? text.slice(begin) : `${text.slice(begin, end)} …`);
  }

  function show(words) {
    const out = document.getElementById("search-results"), found = find(words);
    const summary = document.createElement("p"), list = document.createElement("ul");
    summary.className = "search-summary";
    summary.setAttribute("role", "status");
    summary.textContent = !found.length
      ? "Nothing was found. Try fewer or other words."
      : `Search finished: ${found.length} section${found.length > 1 ? "s" : ""} found`
        + `${found.length > MOST ? `, the first ${MOST} below` : ""}.`;
    list.className = "search";
    for (const { id, terms } of found.slice(0, MOST)) {
      const [address, page, title, , text] = bookSections[id];
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = address;
      link.textContent = title;
      const where = document.createElement("span"), says = document.createElement("p");
      where.textContent = title === page ? "" : ` ${page}`;
      says.textContent = piece(text, terms);
      item.append(link, where, says);
      list.append(item);
    }
    out.append(summary, list);
  }

  const words = new URLSearchParams(location.search).get("q");
  for (const box of document.querySelectorAll('input[name="q"]')) box.value = words ?? "";
  if (words?.trim()) show(words);
})();
