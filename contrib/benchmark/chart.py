# SPDX-License-Identifier: MIT

"""The chart: an SVG that any browser shows, in the colours that its reader has chosen, light or dark.

For each case a line with a mark for each system, on a scale of how many times as fast it is as gocryptfs; below that, what was to be
reached.
"""

import math
from xml.sax.saxutils import escape

import report

WIDTH = 860
MARGIN = 24
LABELS = 258
FIGURES = 96
ROW = 25
TOP = 116
SYSTEMS = ["tmpfs", "encfs", "gocryptfs", "floor", "tacit"]
KEY = {
    "tacit": "tacit", "floor": "a file system that does nothing", "gocryptfs": "gocryptfs", "encfs": "encfs",
    "tmpfs": "tmpfs (plain memory)",
}

STYLE = """
  svg { --paper: #ffffff; --ink: #1f2328; --pale: #59636e; --line: #d8dee4; --band: #f6f8fa;
        --tacit: #0969da; --floor: #1f2328; --gocryptfs: #bc4c00; --encfs: #8250df; --tmpfs: #59636e; --good: #1a7f37; --bad: #cf222e; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --pale: #9198a1; --line: #30363d; --band: #151b23;
          --tacit: #4493f8; --floor: #e6edf3; --gocryptfs: #f0883e; --encfs: #ab7df8; --tmpfs: #9198a1; --good: #3fb950; --bad: #f85149; }
  }
  text { font: 13px system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif;
         fill: #1f2328; fill: var(--ink); }
  .title { font-size: 18px; font-weight: 600; }
  .head { font-weight: 600; }
  .pale { fill: #59636e; fill: var(--pale); }
  .small { font-size: 11.5px; }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .paper { fill: #ffffff; fill: var(--paper); stroke: #d8dee4; stroke: var(--line); }
  .band { fill: #f6f8fa; fill: var(--band); }
  .grid { stroke: #d8dee4; stroke: var(--line); }
  .one { stroke: #bc4c00; stroke: var(--gocryptfs); stroke-dasharray: 3 3; }
  .reach { stroke: #0969da; stroke: var(--tacit); stroke-width: 3; stroke-opacity: .35; }
  .mark { stroke: #ffffff; stroke: var(--paper); stroke-width: 1.2; }
  .tacit { fill: #0969da; fill: var(--tacit); }
  .floor { fill: #1f2328; fill: var(--floor); }
  .gocryptfs { fill: #bc4c00; fill: var(--gocryptfs); }
  .encfs { fill: #8250df; fill: var(--encfs); }
  .tmpfs { fill: #59636e; fill: var(--tmpfs); }
  .good { fill: #1a7f37; fill: var(--good); font-weight: 600; }
  .bad { fill: #cf222e; fill: var(--bad); font-weight: 600; }
"""


def text(x, y, words, style=""):
    return f'<text x="{x:.1f}" y="{y:.1f}"' + (f' class="{style}"' if style else "") + f">{escape(words)}</text>"


def line(x1, y1, x2, y2, style):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def mark(system, x, y):
    """A shape for each system too, for those who see no colours."""
    shapes = {
        "tacit": lambda: f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6.5"',
        "floor": lambda: f'<rect x="{x - 1.6:.1f}" y="{y - 8:.1f}" width="3.2" height="16" rx="1"',
        "gocryptfs": lambda: f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"',
        "encfs": lambda: polygon(x, y, [(0, -6), (6, 0), (0, 6), (-6, 0)]),
        "tmpfs": lambda: polygon(x, y, [(-5.5, 4.5), (5.5, 4.5), (0, -5.5)]),
    }
    return f'{shapes[system]()} class="mark {system}"/>'


def polygon(x, y, corners):
    return '<polygon points="' + " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners) + '"'


class Scale:
    """From how many times as fast to where, in powers of two. What is faster than `most` is put at the end."""

    def __init__(self, least, most, left, right):
        self.steps = range(min(-1, math.floor(math.log2(least))), max(3, math.ceil(math.log2(most))) + 1)
        self.left, self.right = left, right

    def at(self, ratio):
        steps = math.log2(ratio) - self.steps[0]
        return self.left + (self.right - self.left) * min(1, steps / (self.steps[-1] - self.steps[0]))


def rows(results):
    """Cases in which gocryptfs was measured: title, ratios to it by system, tacit's own figure."""
    found = []
    for name, case in results.cases.items():
        ratios = {system: results.ratio(name, system, "gocryptfs") for system in SYSTEMS}
        if case.group != "others" or ratios["gocryptfs"] is None or ratios["tacit"] is None or name == "memory":
            continue
        figure = report.figure(results.median(name, "tacit")) + ("" if case.more_is_better else " ") + case.unit
        found.append((case.title, {system: ratio for system, ratio in ratios.items() if ratio}, figure))
    return found


def comparison(results, parts):
    """The upper part. Returns where it ends."""
    lines = rows(results)
    if not lines:
        return TOP - 56
    # tmpfs may lie far out: the scale ends where the others do.
    others = [ratio for _, ratios, _ in lines for system, ratio in ratios.items() if system != "tmpfs"]
    scale = Scale(min(others), max(others) * 1.3, MARGIN + LABELS + 10, WIDTH - MARGIN - FIGURES)
    bottom = TOP + ROW * len(lines)
    for index, _ in enumerate(lines):
        if index % 2 == 0:
            parts.append(f'<rect x="{MARGIN}" y="{TOP + ROW * index}" width="{WIDTH - 2 * MARGIN}" height="{ROW}" class="band"/>')
    for step in scale.steps:
        x = scale.at(2.0 ** step)
        parts.append(line(x, TOP, x, bottom, "one" if step == 0 else "grid"))
        label = f"{2 ** step}×" if step >= 0 else f"1/{2 ** -step}"
        parts.append(text(x, TOP - 7, label, "pale small middle"))
    parts.append(text(WIDTH - MARGIN - 6, TOP - 7, "tacit", "pale small end"))
    for index, (title, ratios, figure) in enumerate(lines):
        y = TOP + ROW * (index + 0.5)
        parts.append(text(MARGIN + 8, y + 4.5, title))
        parts.append(text(WIDTH - MARGIN - 6, y + 4.5, figure, "end"))
        parts.append(line(scale.at(1), y, scale.at(ratios["tacit"]), y, "reach"))
        for system in SYSTEMS:
            if system not in ratios:
                continue
            x = scale.at(ratios[system])
            parts.append(mark(system, x, y))
            if ratios[system] > 2.0 ** scale.steps[-1]:
                parts.append(text(x - 11, y + 4, f"{ratios[system]:.0f}×", "pale small end"))
    return bottom


def outcomes(results, parts, y):
    """The lower part. Returns where it ends."""
    parts.append(text(MARGIN + 8, y, "To reach", "head"))
    for words, limit, measured, outcome in report.outcomes(results):
        y += 21
        style = {"reached": "good", "missed": "bad"}.get(outcome, "pale")
        parts.append(text(MARGIN + 8, y, words))
        parts.append(text(MARGIN + LABELS + 150, y, limit, "end pale"))
        parts.append(text(MARGIN + LABELS + 310, y, measured, "end"))
        parts.append(text(WIDTH - MARGIN - 6, y, outcome, f"end {style}"))
    return y


def write(results, path):
    parts = []
    y = comparison(results, parts)
    if not results.settings.quick:
        y = outcomes(results, parts, y + 36)
    machine = results.machine
    y += 34
    parts.append(line(MARGIN, y - 18, WIDTH - MARGIN, y - 18, "grid"))
    cores = f"{machine['cores']} core{'s' * (machine['cores'] != 1)}"
    versions = ", ".join(f"{name} {machine['versions'][name]}" for name in ("gocryptfs", "encfs", "libfuse"))
    where = f"{machine['cpu']}, {cores}, Linux {machine['kernel']}, {machine['system']}; {versions}"
    what = f"tacit {machine['versions']['tacit']}, commit {machine['commit']}, {machine['date']}"
    how = f"Medians of {results.settings.rounds} rounds in which the systems take turns."
    if results.settings.quick:
        how += " A quick run: no figures to quote."
    parts += [text(MARGIN + 8, y, where, "pale small"), text(MARGIN + 8, y + 17, f"{what}. {how}", "pale small")]
    y += 17

    head = [text(MARGIN + 8, 36, "Times as fast as gocryptfs", "title"),
            text(MARGIN + 8, 56, "One run on one machine. To the right is better. The scale doubles with each line.", "pale small")]
    x = MARGIN + 14
    for system in reversed(SYSTEMS):
        head += [mark(system, x, 78), text(x + 12, 82.5, KEY[system], "small")]
        x += 34 + 6.4 * len(KEY[system])
    height = round(y + 20)
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'aria-label="How fast tacit is beside other file systems">\n<style>{STYLE}</style>\n'
            f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8" class="paper"/>\n'
            + "\n".join(head + parts) + "\n</svg>\n")
