"""The curves of a training as a picture."""

import csv
import os

LEFT_OUT = ("step", "hours", "seconds", "rate", "quantised", "split")


def draw_curves(log, picture):
    """Loss and its parts against the steps, training and validation.

    Parameters
    ----------
    log : Path
        As ``percepnet_training.curves`` writes it.
    picture : Path
        PNG file to write, whole or not at all.
    """
    # In here: a training that never ends a stage needs no figures.
    from matplotlib.figure import Figure

    with open(log, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    parts = [name for name in reader.fieldnames if name not in LEFT_OUT]
    figure = Figure(figsize=(3 * len(parts), 3), layout="constrained")
    for axes, part in zip(figure.subplots(1, len(parts)), parts, strict=True):
        for split, style in (("train", "-"), ("dev", "o-")):
            points = [(int(row["step"]), float(row[part])) for row in rows if row["split"] == split]
            axes.plot(*zip(*points, strict=True), style, label=split, markersize=3)
        is_positive = all(float(row[part]) > 0 for row in rows)  # levels in dB are not
        axes.set(title=part, xlabel="step", yscale="log" if is_positive else "linear")
        axes.grid(alpha=0.3, which="both")
    axes.legend()
    partial = picture.with_suffix(".partial")
    figure.savefig(partial, dpi=100, format="png")
    os.replace(partial, picture)
