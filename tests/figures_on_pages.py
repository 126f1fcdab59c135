"""An explorable figure on a page, as a reader moves it and sees it."""

FIGURES = "figure.vg-explore:has(.vg-controls)"


LOOK = """figure => [
  [...figure.querySelectorAll(".vg-panels *")].map((element) => [
    element.tagName,
    ...[...element.attributes].map((attribute) => attribute.name + "=" + attribute.value).sort(),
    element.children.length ? "" : element.textContent,
  ].join(" ")).join("\\n"),
  figure.querySelector(".vg-says").textContent,
]"""


def look(figure):
    """Return the picture, element by element, and the description."""
    return figure.evaluate(LOOK)


def assert_both_changed(figure, before, how):
    after = look(figure)
    name = figure.get_attribute("id")
    assert after[0] != before[0], f"{name}: the picture stays when {how}"
    assert after[1] != before[1], f"{name}: the description stays when {how}"


def kind_of(control):
    return control.evaluate("control => control.type")


def press(page, control, *keys):
    control.focus()
    for key in keys:
        page.keyboard.press(key)


def by_keyboard(page, control):
    """Yield what was done, after each way to move a control with keys."""
    kind = kind_of(control)
    if kind == "checkbox":
        press(page, control, "Space")
        yield "Space toggles it"
    elif kind == "range":
        for key in ("End", "Home", "ArrowRight"):
            before = control.input_value()
            press(page, control, key)
            if control.input_value() == before:  # it stood at this end already
                press(page, control, "Home" if key == "End" else "End", key)
                continue
            yield f"{key} moves it"
    else:
        last = control.evaluate("control => control.selectedIndex === control.length - 1")
        key = "ArrowUp" if last else "ArrowDown"
        press(page, control, key)
        yield f"{key} moves it"


def by_mouse(control):
    """Move a control by pointing at it."""
    kind = kind_of(control)
    if kind == "checkbox":
        control.click()
    elif kind == "range":
        box = control.bounding_box()
        far = int(control.input_value()) * 2 < int(control.get_attribute("max"))
        control.click(position={"x": box["width"] * (0.9 if far else 0.1), "y": box["height"] / 2})
    else:
        current = control.evaluate("control => control.selectedIndex")
        control.select_option(index=0 if current else 1)


def assert_all_move(page, count, where=None):
    figures = (where or page).locator(FIGURES)
    assert figures.count() == count
    for figure in figures.all():
        controls = figure.locator("[data-control]")
        assert controls.count()
        for control in controls.all():
            before = look(figure)
            for how in by_keyboard(page, control):
                after = look(figure)
                assert after[0] != before[0], f"the picture stays when {how}"
                before = after
