// Notes when what a page draws has reached the screen. A change is a mutation of
// the document (open or closed shadow trees included) or a stroke on a canvas; the
// frame that shows it is over when a message that was posted in it arrives.
(() => {
  const watch = (window.watch = { input: 0, painted: 0, ready: 0 });
  let waiting = false;
  const changed = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        waiting = false;
        watch.painted = performance.now();
        if (!watch.ready && watch.movable?.()) watch.ready = watch.painted;
      };
      channel.port2.postMessage(0);
    });
  };

  const roots = [document];
  const options = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(changed).observe(document, options);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    const root = attach.call(this, init);
    roots.push(root);
    new MutationObserver(changed).observe(root, options);
    return root;
  };
  for (const name of ["stroke", "fill", "drawImage", "fillRect", "clearRect"]) {
    const original = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...given) {
      changed();
      return original.apply(this, given);
    };
  }
  watch.find = (selector) => {
    for (const root of roots) {
      for (const element of root.querySelectorAll(selector)) {
        if (element.getBoundingClientRect().width) return element;
      }
    }
    return null;
  };

  watch.arm = () => (watch.input = watch.painted = 0);
  for (const kind of ["keydown", "mousedown", "mousemove"]) {
    addEventListener(kind, (event) => (watch.input ||= event.timeStamp), { capture: true });
  }
})();
