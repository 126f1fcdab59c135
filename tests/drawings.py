"""What Matplotlib's SVG can hold: one small drawing for each kind, in two states.

Each function takes the state, 0 or 1, and an Axes, and draws on it, or on its figure.
"""

import numpy as np
from matplotlib import patches, patheffects, ticker
from matplotlib.lines import Line2D

from vgtools import figures

DRAWINGS = {}
"""Name of each drawing -> (function, keywords of the panel)."""

X = np.linspace(0, 4, 13)
GRID = np.add.outer(np.sin(X[:7]), np.cos(X[:9]))


def drawing(function=None, **panel):
    """Put a function on the list."""

    def enlist(function):
        DRAWINGS[function.__name__] = (function, panel)
        return function

    return enlist(function) if function else enlist


def draw(name, state):
    """Draw a state of one of the list."""
    function, options = DRAWINGS[name]
    figure, axes = figures.subplots(options.get("columns", 1), height=1.9)
    if "projection" in options:
        figure.clear()
        axes = [figure.add_subplot(projection=options["projection"])]
    function(state, *axes)
    return figure


# Areas


@drawing
def bars_with_hatches(state, axes):
    hatches = ["//", "xx", "o."] if state else ["//", "..", None]
    axes.bar([0, 1, 2], [1 + state, 2, 3], hatch=hatches, color=["tab:red", "none", "#0072b2"],
             edgecolor=figures.INK, alpha=None if state else 0.6)  # fmt: skip
    axes.bar([3], [2], hatch="*", color=figures.colour("elu"), hatch_linewidth=3)


@drawing
def a_hatch_that_comes_and_goes(state, axes):
    axes.barh([0, 1], [2, 3], hatch="++" if state else None, color="gold")


@drawing
def contours_with_labels(state, axes):
    axes.contourf(GRID + state, hatches=["/", "\\", "-", "."], levels=4, cmap="viridis", alpha=0.7)
    axes.clabel(axes.contour(GRID, levels=4 + state, linestyles=["-", "--", ":"]))


@drawing
def a_pie(state, axes):
    axes.pie([1, 2, 3 + state], explode=[0, 0.1, 0], shadow=True, labels=["a", "b", "c"],
             autopct="%.0f%%", hatch=["", "O", "."])  # fmt: skip


# Images and meshes


@drawing
def pictures(state, axes):
    axes.imshow(GRID[:, ::-1] if state else GRID, interpolation="bilinear", alpha=0.8)


@drawing
def a_picture_that_is_turned(state, axes):
    from matplotlib.transforms import Affine2D

    image = axes.imshow(np.kron(GRID, np.ones((90, 90))), interpolation="none")
    image.set_transform(Affine2D().rotate_deg(20 + 20 * state).scale(0.4) + axes.transData)


@drawing
def a_picture_within_a_circle(state, axes):
    image = axes.imshow(GRID, extent=(0, 4, 0, 4))
    image.set_clip_path(patches.Circle((2, 2), 1 + state / 2, transform=axes.transData))


@drawing
def a_picture_on_the_figure(state, axes):
    axes.plot([0, 1])
    axes.figure.figimage(np.kron(GRID, np.ones((9, 9))), 40 + 30 * state, 60, alpha=0.5)


@drawing
def a_flat_mesh(state, axes):
    axes.pcolormesh(GRID + state, edgecolors="white", linewidths=0.4, vmin=-2, vmax=3)


@drawing
def a_smooth_mesh_as_pixels(state, axes):
    axes.pcolormesh(GRID, shading="gouraud", rasterized=True)
    axes.plot([0, 8 - state], [0, 6], "k", rasterized=bool(state))


@drawing(columns=2)
def a_whole_panel_as_pixels(state, left, right):
    left.plot([0, 1 + state])
    left.set_rasterized(True)
    right.plot([1, 0])


@drawing
def layers_as_pixels(state, axes):
    axes.plot(X, np.sin(X + state), zorder=-2)
    axes.plot(X, np.cos(X), zorder=3)
    axes.set_rasterization_zorder(0)


@drawing(formulas=True)
def a_colour_bar(state, axes):
    mesh = axes.pcolormesh(10.0 ** (GRID + state), norm="log")
    axes.figure.colorbar(mesh, extend="both", ticks=[0.1, 1, 10])
    axes.set(xticks=[], yticks=[])


# Lines, markers, collections


@drawing
def markers(state, axes):
    for place, marker in enumerate([*Line2D.filled_markers, *range(12), "+", "x", "1", "|", ","]):
        axes.plot(place % 9, place // 9, marker=marker, ms=7 + 2 * state, mfc="tab:cyan", mew=1.3)
    for place, style in enumerate(Line2D.fillStyles):
        axes.plot(place, 6, marker="o", fillstyle=style, ms=9, mfc="tab:red", alpha=0.7)
    axes.plot(7, 6, marker=r"$\alpha$", ms=14)
    axes.plot(8, 6, marker=(5, 1, 20), ms=12, mfc=figures.colour("tanh"))


@drawing
def scattered(state, axes):
    sizes = 40 * (1 + np.sin(X + state)) + 4
    axes.scatter(X, np.sin(X), sizes, c=X, alpha=0.4, edgecolors=["k", "r"], linewidths=[1, 2])
    axes.scatter(X, np.cos(X), 90, marker="s", hatch="xx", facecolor="gold", edgecolor="tab:blue")
    axes.scatter(X, np.zeros(13), c=figures.colour("elu"), marker="^", alpha=0.125)


@drawing
def faint(state, axes):
    for _ in range(150):
        axes.plot([0, 1], [state, 1], "k", alpha=0.004, lw=20, solid_capstyle="butt")


# Shapes


@drawing
def a_clip_by_a_circle(state, axes):
    circle = patches.Circle((2, 0), 1 + state / 2, fill=False, transform=axes.transData)
    axes.add_patch(circle)
    for line in axes.plot(X, np.sin(3 * X), lw=4):
        line.set_clip_path(circle)
    axes.text(1, 0.3, "clipped as well", clip_on=True, clip_path=circle, fontsize=14)
    axes.plot([-1, 9], [1.2, 1.2], clip_on=False)


@drawing
def arrows(state, axes):
    for place, style in enumerate(["->", "-|>", "fancy", "wedge", "simple", "<->", "|-|"]):
        bend = "arc3,rad=0.3" if place % 2 else "angle3"
        axes.annotate(style, (place + 1, 1), (place, 0.2 + state / 4), arrowprops={
            "arrowstyle": style, "connectionstyle": bend, "facecolor": "tab:olive",
        })  # fmt: skip
    axes.arrow(0, 1.5, 5, 0.2, width=0.05)
    axes.annotate("", (6, 1.8), (5, 1.2), arrowprops={"width": 2, "shrink": 0.1})
    axes.set(xlim=(-1, 8), ylim=(-0.1, 2))


@drawing
def effects(state, axes):
    stroke = patheffects.withStroke(linewidth=4, foreground="gold")
    axes.text(0.1, 0.6, "outlined", fontsize=20, path_effects=[stroke])
    axes.plot([0, 1], [state, 0.4], path_effects=[patheffects.SimpleLineShadow(), stroke])
    shadow = patheffects.withSimplePatchShadow()
    axes.add_patch(patches.Circle((0.8, 0.8), 0.1, path_effects=[shadow]))


@drawing
def sketches(state, axes):
    axes.plot(X, np.sin(X + state))[0].set_sketch_params(2 + state, 20, 4)


@drawing
def names_of_groups(state, axes):
    axes.axhspan(0.2, 0.4 + state / 4, facecolor="tab:gray", ec="none")
    axes.axline((0, 0), slope=1, gid="panel-0")
    axes.vlines([0.3, 0.5], 0, 1, colors=["r", "k"], linestyles=[":", "-"], gid="figure_1")


# Words


@drawing
def words(state, axes):
    axes.text(0.02, 0.75, "two lines,\nof which one is long", linespacing=1.6, ha="left")
    axes.text(0.5, 0.3, "turned\nby 30°", rotation=30 + 10 * state, rotation_mode="anchor")
    axes.text(0.8, 0.3, "upright", rotation=90, color="tab:red", alpha=0.5, va="bottom")
    axes.text(0.02, 0.5, "<&>\"' <b>é ж</b> &lt; ]]> --", bbox={"boxstyle": "round"})
    axes.text(0.02, 0.2, "mono", family="monospace", weight="bold")
    axes.text(0.3, 0.1, "serif", family="DejaVu Serif", style="italic", size=14)
    axes.text(0.6, 0.1, "light" if state else "bold", weight="light" if state else "bold")
    axes.set(xlabel="first\nsecond", ylabel="<&>", title='"quoted"')


@drawing(formulas=True)
def formulas(state, axes):
    axes.text(0.05, 0.6, r"$\frac{\partial L}{\partial \hat{w}} = \sqrt{1+x^2}$", size=16)
    axes.text(0.05, 0.2, r"$\sum_{i=0}^{\infty} \mathbf{W}\,\tilde{\alpha}_i \leq \bar\beta$ words")
    axes.text(
        0.7 - state / 5,
        0.2,
        r"$\left(\frac{a}{b}\right)$",
        rotation=40 + 20 * state,
        color="tab:red",
    )
    axes.set(xticks=[], yticks=[])
    axes.set_title(r"$\mathcal{L}(\theta)$ and $\$5$")


@drawing(formulas=True)
def logarithms(state, axes):
    axes.loglog(10.0**X, 10.0 ** (X * (1 + state)))
    axes.grid(True, which="minor", ls=":")


@drawing
def legends(state, axes):
    axes.plot([0, 1], label="a line", marker="o")
    axes.bar([0.5], [0.5 + state / 4], 0.2, hatch="//", label="a bar")
    axes.scatter([0.2], [0.8], label="dots & <more>")
    axes.legend(title="Key", shadow=True, frameon=True, framealpha=0.7, fancybox=True, ncols=2)


# Axes


@drawing(projection="polar")
def polar(state, axes):
    axes.fill(X, 1 + np.sin(X + state), alpha=0.4, hatch="..")
    axes.bar([1], [2], width=0.5, color="tab:red")


@drawing(projection="3d")
def solid(state, axes):
    x, y = np.meshgrid(X[:7], X[:7])
    axes.plot_surface(x, y, np.sin(x + state) * y, cmap="viridis")
    axes.scatter(X, X, X / 4, depthshade=True)


@drawing(columns=2)
def two_panels(state, left, right):
    for panel in (left, right):
        panel.bar([0, 1], [1, 2 + state], hatch="//", color="tab:olive")
        panel.plot([0, 1], [1, 1], "o-", ms=9)
    right.set_title("right" * (1 + state))


@drawing
def a_coloured_figure(state, axes):
    axes.figure.set_facecolor("#eeeeff")
    axes.figure.patch.set(edgecolor="tab:red", linewidth=4 + 4 * state)
    axes.set_facecolor("white")
    axes.plot([0, 1])


@drawing
def marks_of_the_figure(state, axes):
    axes.plot([0, 1])
    axes.figure.add_artist(patches.Rectangle((0.4, 0.4), 0.3, 0.3 + state / 5, hatch="o", zorder=-1,
                                             facecolor="lightblue"))  # fmt: skip
    axes.figure.add_artist(Line2D([0, 1], [0.5, 0.6], color="k"))
    axes.xaxis.set_major_formatter(ticker.PercentFormatter(1))
