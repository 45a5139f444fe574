#!/usr/bin/env python3
"""Tables and pictures of what bench/run.sh and bench/precision_curves.sh measured, by the standard library alone.

usage: bench/report.py FOLDER [--docs]
FOLDER holds machine.json and steps.json, scaling.json, precision.json as far as they were measured; tables.md and the
pictures *.svg are written beside them. With --docs the tables also go into docs/performance.md, between its lines
<!-- NAME: begin --> and <!-- NAME: end -->, and the pictures into docs/pictures.
"""
import json
import math
import os
import shutil
import statistics
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INK, PALE = "#333333", "#dddddd"
# The parts of docs/performance.md that have a picture, and what it shows.
ALT_TEXTS = {
    "scaling": "Seconds and memory of a step against tokens, width, batch and threads",
    "precision": "Validation losses of both precisions from several seeds",
}
COLOURS = {"float32": "#0b6e99", "bf16": "#d9730d"}


def read(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


# ---- steps ---------------------------------------------------------------------------------------


def bound_seconds(record, machine):
    """Time of all products that are computed, scores that are computed again included, at the measured peak."""
    peak = machine["peaks"][record["precision"] + "_gflops"]
    return (record["gflop"] + record["gflop_recomputed"]) / peak


def summary(records):
    """Best of all steps, median of the processes' medians, largest peak memory in MiB."""
    return {
        "best": min(r["seconds"]["best"] for r in records),
        "median": statistics.median(r["seconds"]["median"] for r in records),
        "slowest": max(r["seconds"]["slowest"] for r in records),
        "memory": max(r["peak_memory_mib"] for r in records),
        "medians": {r["round"]: r["seconds"]["median"] for r in records},
    }


def by_case(steps):
    """{case: {who: records}} in the order of measurement."""
    cases = {}
    for record in steps:
        cases.setdefault(record["case"], {}).setdefault(record["who"], []).append(record)
    return {case: whos for case, whos in cases.items() if "atmorep" in whos}


def title(case):
    network, batch, mode, precision = case.split("-")
    return f"{network}, batch {batch}, {'training' if mode == 'train' else 'inference'}, {precision}"


def own_table(steps, machine):
    lines = [
        "| step | best | median | slowest | of the arithmetic bound | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for case, whos in by_case(steps).items():
        own, record = summary(whos["atmorep"]), whos["atmorep"][0]
        share = bound_seconds(record, machine) / own["median"]
        lines.append(
            f"| {title(case)} | {own['best']:.3f} s | {own['median']:.3f} s | {own['slowest']:.3f} s "
            f"| {100 * share:.0f} % of {bound_seconds(record, machine):.3f} s | {own['memory']:.0f} MiB |"
        )
    return lines


def peer_table(steps):
    """Each case against the peer that is fastest there. The range is that of the ratios of single rounds."""
    lines = [
        "| step | fastest peer | best | median | peak memory | ratio of best | ratio of medians | its range | memory |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for case, whos in by_case(steps).items():
        peers = {who: summary(records) for who, records in whos.items() if who != "atmorep"}
        if not peers:
            continue
        own = summary(whos["atmorep"])
        who = min(peers, key=lambda name: peers[name]["median"])
        peer = peers[who]
        rounds = [peer["medians"][r] / own["medians"][r] for r in peer["medians"] if r in own["medians"]]
        lines.append(
            f"| {title(case)} | {who} | {peer['best']:.3f} s | {peer['median']:.3f} s | {peer['memory']:.0f} MiB "
            f"| {peer['best'] / own['best']:.2f} × | **{peer['median'] / own['median']:.2f} ×** "
            f"| {min(rounds):.2f}–{max(rounds):.2f} | {own['memory'] / peer['memory']:.2f} |"
        )
    return lines if len(lines) > 2 else []


def machine_lines(machine):
    peaks = machine["peaks"]
    return [
        f"Measured on {machine['date']} at {machine['commit']}: {machine['processor']} (family {machine['family']}, model "
        f"{machine['model']}), {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, "
        f"{machine['compiler']}; {peaks['threads']} threads. Peaks: {peaks['float32_gflops']:.0f} GFLOP/s float32, "
        f"{peaks['bf16_gflops']:.0f} bf16, {peaks['memory_gb_s']:.0f} GB/s between memory and processor."
    ]


# ---- pictures ------------------------------------------------------------------------------------


def decimal_ticks(low, high):
    """1, 10, 100 …; 1, 2, 5, 10 … where the range is short."""
    factors = (1,) if high / low > 200 else (1, 2, 5)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [f * 10.0**k for k in powers for f in factors if low <= f * 10.0**k <= high]


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Panel:
    """One diagram; x and y are logarithmic or linear. Coordinates are pixels of the whole picture."""

    def __init__(self, left, top, width, height, x_range, y_range, x_log=True, y_log=True):
        self.box = (left, top, width, height)
        self.ranges = (x_range, y_range)
        self.logs = (x_log, y_log)
        self.parts = []

    def place(self, axis, value):
        low, high = self.ranges[axis]
        if self.logs[axis]:
            low, high, value = math.log(low), math.log(high), math.log(value)
        share = (value - low) / (high - low)
        left, top, width, height = self.box
        return left + share * width if axis == 0 else top + (1 - share) * height

    def text(self, x, y, text, anchor="middle", extra=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{text}</text>')

    def frame(self, x_ticks, y_ticks, x_label, y_label, heading=""):
        left, top, width, height = self.box
        for tick in x_ticks:
            x = self.place(0, tick)
            self.parts.append(f'<path d="M{x:.1f} {top}V{top + height}" stroke="{PALE}"/>')
            self.text(x, top + height + 16, number(tick))
        for tick in y_ticks:
            y = self.place(1, tick)
            self.parts.append(f'<path d="M{left} {y:.1f}H{left + width}" stroke="{PALE}"/>')
            self.text(left - 6, y + 4, number(tick), "end")
        self.parts.append(f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="{INK}"/>')
        self.text(left + width / 2, top + height + 34, x_label)
        x, y = left - 44, top + height / 2
        self.text(x, y, y_label, extra=f'transform="rotate(-90 {x:.1f} {y:.1f})"')
        if heading:
            self.text(left + width / 2, top - 8, heading, extra='font-weight="bold"')

    def line(self, points, colour, dashes="", marks=True, width=1.8):
        places = [(self.place(0, x), self.place(1, y)) for x, y in points]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        dash = f'stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" {dash}/>')
        for x, y in places if marks else []:
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')

    def band(self, xs, lows, highs, colour):
        outline = list(zip(xs, highs)) + list(zip(xs, lows))[::-1]
        path = "M" + "L".join(f"{self.place(0, x):.1f} {self.place(1, y):.1f}" for x, y in outline) + "Z"
        self.parts.append(f'<path d="{path}" fill="{colour}" fill-opacity="0.18" stroke="none"/>')


def write_picture(path, width, height, panels, legend):
    """legend: (text, colour, dashes) in a row at the top."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" '
        f'fill="{INK}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    x = 64
    for text, colour, dashes in legend:
        dash = f'stroke-dasharray="{dashes}"' if dashes else ""
        parts.append(f'<path d="M{x} 20h28" stroke="{colour}" stroke-width="2" {dash}/>')
        parts.append(f'<text x="{x + 34}" y="24">{text}</text>')
        x += 60 + 7 * len(text)
    for panel in panels:
        parts.extend(panel.parts)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts + ["</svg>"]) + "\n")


# ---- scaling -------------------------------------------------------------------------------------

AXES = {
    "tokens": "S with other tokens",
    "width": "S with 864 tokens and other widths",
    "batch": "M, samples a step",
    "threads": "S",
}


def spread_range(values):
    return min(values) / 2, max(values) * 1.5


def scaling_panels(scaling, machine, varied, column):
    records = [r for r in scaling if r["varied"] == varied]
    values = sorted({r["value"] for r in records})
    left = 64 + 250 * column
    x_range = (values[0] / 1.2, values[-1] * 1.2)
    # One scale for all columns, so that they compare.
    times = spread_range([r["seconds"]["best"] for r in scaling])
    memory = spread_range([r["peak_memory_mib"] / 1024 for r in scaling])
    time_panel = Panel(left, 60, 190, 200, x_range, times)
    memory_panel = Panel(left, 330, 190, 200, x_range, memory)
    ticks = values if len(values) < 4 else values[::-2]  # else their labels would touch
    time_panel.frame(ticks, decimal_ticks(*times), "", "seconds a step" if column == 0 else "", varied)
    memory_panel.frame(ticks, decimal_ticks(*memory), AXES[varied], "GiB, peak" if column == 0 else "")
    for precision, colour in COLOURS.items():
        for mode, dashes in (("train", ""), ("infer", "6 4")):
            chosen = sorted(
                (r for r in records if r["precision"] == precision and r["mode"] == mode), key=lambda r: r["value"]
            )
            if not chosen:
                continue
            time_panel.line([(r["value"], r["seconds"]["best"]) for r in chosen], colour, dashes)
            memory_panel.line([(r["value"], r["peak_memory_mib"] / 1024) for r in chosen], colour, dashes)
    training = [r for r in records if (r["mode"], r["precision"]) == ("train", "float32")]
    bounds = sorted((r["value"], bound_seconds(r, machine)) for r in training)
    if varied != "threads":  # the peak is that of all threads
        time_panel.line(bounds, INK, "2 3", marks=False, width=1.2)
    return [time_panel, memory_panel]


def draw_scaling(scaling, machine, path):
    panels = []
    for column, varied in enumerate(AXES):
        panels += scaling_panels(scaling, machine, varied, column)
    legend = [
        ("float32, training", COLOURS["float32"], ""),
        ("inference", COLOURS["float32"], "6 4"),
        ("bf16, training", COLOURS["bf16"], ""),
        ("inference", COLOURS["bf16"], "6 4"),
        ("arithmetic bound of training, float32", INK, "2 3"),
    ]
    write_picture(path, 1040, 585, panels, legend)


def scaling_table(scaling):
    lines = ["| | training float32 | training bf16 | inference float32 | inference bf16 |", "|---|---|---|---|---|"]
    for varied in AXES:
        for value in sorted({r["value"] for r in scaling if r["varied"] == varied}):
            cells = []
            for mode in ("train", "infer"):
                for precision in ("float32", "bf16"):
                    found = [
                        r
                        for r in scaling
                        if (r["varied"], r["value"], r["mode"], r["precision"]) == (varied, value, mode, precision)
                    ]
                    cells.append(
                        f"{found[0]['seconds']['best']:.3f} s, {found[0]['peak_memory_mib'] / 1024:.2f} GiB" if found else ""
                    )
            lines.append(f"| {varied} {value:,} | " + " | ".join(cells) + " |")
    return lines


# ---- precision -----------------------------------------------------------------------------------


def loss_curves(precision):
    """{precision: {seed: [(step, loss)]}}"""
    curves = {}
    for record in precision:
        curves.setdefault(record["precision"], {}).setdefault(record["seed"], []).append((record["step"], record["loss"]))
    return curves


def draw_precision(precision, path):
    curves = loss_curves(precision)
    points = [point for seeds in curves.values() for curve in seeds.values() for point in curve]
    losses = [loss for _, loss in points]
    margin = 0.05 * (max(losses) - min(losses))
    steps = sorted({step for step, _ in points})
    panel = Panel(
        74, 50, 600, 320, (0, steps[-1] * 1.02), (min(losses) - margin, max(losses) + margin), x_log=False, y_log=False
    )
    unit = 10 ** math.floor(math.log10(max(losses) - min(losses))) / 2
    first = math.ceil((min(losses) - margin) / unit)
    ticks = [unit * k for k in range(first, math.floor((max(losses) + margin) / unit) + 1)]
    panel.frame(steps[1::2], ticks, "step", "validation loss")
    for name, seeds in curves.items():
        lows = [min(dict(curve)[s] for curve in seeds.values()) for s in steps]
        highs = [max(dict(curve)[s] for curve in seeds.values()) for s in steps]
        panel.band(steps, lows, highs, COLOURS[name])
        for curve in seeds.values():
            panel.line(curve, COLOURS[name], "" if name == "float32" else "6 4", marks=False, width=1.3)
    legend = [(name, COLOURS[name], "" if name == "float32" else "6 4") for name in curves]
    write_picture(path, 720, 420, [panel], legend)


def precision_table(precision):
    curves = loss_curves(precision)
    seeds = sorted({r["seed"] for r in precision})
    last_step = max(r["step"] for r in precision)
    lines = [
        f"| after {last_step} steps | " + " | ".join(f"seed {s}" for s in seeds) + " | mean | spread of the seeds |",
        "|---|" + "---|" * (len(seeds) + 2),
    ]
    for name, runs in curves.items():
        last = [runs[s][-1][1] for s in seeds]
        lines.append(
            f"| {name} | " + " | ".join(f"{v:.4f}" for v in last) + f" | {statistics.mean(last):.4f} | {max(last) - min(last):.4f} |"
        )
    if set(curves) == set(COLOURS):
        gaps = [curves["bf16"][s][-1][1] - curves["float32"][s][-1][1] for s in seeds]
        lines.append("| bf16 − float32 | " + " | ".join(f"{g:+.4f}" for g in gaps) + f" | {statistics.mean(gaps):+.4f} | |")
    return lines


# ---- all of it -----------------------------------------------------------------------------------


def replace_part(text, name, lines):
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    if begin not in text or end not in text:
        raise SystemExit(f"report.py: docs/performance.md has no part {name}")
    head, rest = text.split(begin, 1)
    return head + begin + "\n".join(lines) + "\n" + end + rest.split(end, 1)[1]


def main():
    arguments = [a for a in sys.argv[1:] if a != "--docs"]
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    folder = arguments[0]
    machine, steps, scaling, precision = (read(folder, n + ".json") for n in ("machine", "steps", "scaling", "precision"))
    parts, pictures = {}, []
    if machine:
        parts["machine"] = machine_lines(machine)
    if steps:
        parts["steps"] = own_table(steps, machine)
        parts["peers"] = peer_table(steps)
    if scaling:
        parts["scaling"] = scaling_table(scaling)
        pictures.append("performance-scaling.svg")
        draw_scaling(scaling, machine, os.path.join(folder, pictures[-1]))
    if precision:
        parts["precision"] = precision_table(precision)
        pictures.append("performance-precision.svg")
        draw_precision(precision, os.path.join(folder, pictures[-1]))
    text = "\n\n".join("\n".join(lines) for lines in parts.values() if lines) + "\n"
    with open(os.path.join(folder, "tables.md"), "w", encoding="utf-8") as file:
        file.write(text)
    print(text, end="")
    if "--docs" in sys.argv:
        page = os.path.join(SOURCE, "docs", "performance.md")
        with open(page, encoding="utf-8") as file:
            text = file.read()
        for name, lines in parts.items():
            if name in ALT_TEXTS:
                lines = [f"![{ALT_TEXTS[name]}](pictures/performance-{name}.svg)", ""] + lines
            text = replace_part(text, name, lines) if lines else text
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)
        for picture in pictures:
            shutil.copy(os.path.join(folder, picture), os.path.join(SOURCE, "docs", "pictures", picture))


if __name__ == "__main__":
    main()
