// Every button of sphinx-togglebutton is called "Toggle hidden content". Call each
// by the title that it stands in, so that a list of buttons says what they open.
addEventListener("load", () => {
  for (const button of document.querySelectorAll("button.toggle-button")) {
    const title = button.closest(".admonition-title");
    if (!title) continue;
    title.id ||= `${button.id}-title`;
    button.setAttribute("aria-labelledby", title.id);
    button.removeAttribute("aria-label");
  }
});
