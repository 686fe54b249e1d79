"""The curves of a fit: a CSV file that agrees with the checkpoint, however the fit was stopped."""

import csv
import os


def append_row(path, row):
    """Add a row, a dict; a new file gets its keys as the header."""
    is_new = not path.exists()
    with open(path, "a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def forget_after(path, step):
    """Drop rows of later steps: they came after the checkpoint and will come again."""
    if not path.exists():
        return
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if int(row["step"]) <= step]
    partial = path.with_suffix(".partial")
    with open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, reader.fieldnames)
        writer.writeheader()
        writer.writerows(rows)
    os.replace(partial, path)
