// Open what a link leads to: the sections around it, and the code of a cell.
// On paper everything that goes deeper is open.
const open = (target) => {
  for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) {
    fold.open = true;
  }
  const code = target?.matches(".cell") && target.querySelector(":scope > details.hide");
  if (code) code.open = true;
};

const follow = () => {
  let name = location.hash.slice(1);
  try {
    name = decodeURIComponent(name);
  } catch {
    return;  // no address of this page
  }
  const target = document.getElementById(name);
  open(target);
  if (target?.closest("details")) target.scrollIntoView();
};

addEventListener("DOMContentLoaded", follow);
addEventListener("hashchange", follow);
// A second click on the same link changes no address.
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='#']");
  if (link?.hash && link.hash === location.hash) follow();
});
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details.deeper")) fold.open = true;
});
