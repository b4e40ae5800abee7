# SPDX-License-Identifier: MIT

"""The tables that are printed."""

from dataclasses import dataclass
from collections.abc import Callable

from systems import before, jobs_named


@dataclass
class Target:
    """Something to reach. `measured` returns a number, or None if it was not measured."""

    text: str
    limit: float
    unit: str
    at_most: bool
    measured: Callable

    def shown(self, number):
        return f"{figure(number)} {self.unit}"

    def is_reached(self, number):
        return number <= self.limit if self.at_most else number >= self.limit


MILLION = "tacit 1,000,000"


def over(case, system, other):
    """How much longer one takes than another."""

    def measured(results):
        ours, theirs = results.median(case, system), results.median(case, other)
        return None if ours is None or theirs is None else ours - theirs

    return measured


def targets():
    return [
        Target("open+read+close, 4 threads", 4, "× gocryptfs", False, lambda r: r.ratio("read-32-4", "tacit", "gocryptfs")),
        Target("open+read+close, 4 threads", 0.75, "× floor", False, lambda r: r.ratio("read-32-4", "tacit", "floor")),
        Target("open+read+close, 1 thread", 1.2, "× gocryptfs", False, lambda r: r.ratio("read-32-1", "tacit", "gocryptfs")),
        Target("10⁶ secrets, 1 thread", 0.9, "× 10³", False, lambda r: r.ratio("size-1", MILLION, "tacit 1,000")),
        Target("10⁶ secrets, 4 threads", 0.9, "× 10³", False, lambda r: r.ratio("size-4", MILLION, "tacit 1,000")),
        Target("memory, all of 10⁶ looked up", 40, "MiB", True, lambda r: r.median("memory-all", MILLION)),
        Target("mount of 10⁶ secrets", 100, "ms", True, lambda r: r.median("mount", MILLION)),
        Target("open+read+close in one of 1,000 jobs", 0.9, "× in the only one", False, lambda r: r.ratio("job", "1,000 jobs", "1 job")),
        Target("tacit run -- true, more than true", 15, "ms", True,
               over("run", "tacit run -p acme/many -s s0000000 -- true", "true")),
        Target("tacit --version", 5, "ms", True, lambda r: r.median("version", "tacit --version")),
    ]


def figure(number):
    """Three digits that matter, as a person writes them."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def table(rows):
    """Columns, the first one to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows)


def compared(results):
    """tacit and the others."""
    systems = ["tacit", "floor", "gocryptfs", "encfs", "tmpfs"]
    rows = [["", *systems, "tacit÷gocryptfs", "tacit÷floor"]]
    for name, case in results.cases.items():
        if case.group != "others":
            continue
        medians = [results.median(name, system) for system in systems]
        ratios = [results.ratio(name, "tacit", other) for other in ("gocryptfs", "floor")]
        rows.append([
            f"{case.title} ({case.unit})", *("" if value is None else figure(value) for value in medians),
            *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios)])
    return rows


def growing(results, group, title, counts, system):
    """tacit with more and more of something, beside tacit with the least."""
    systems = [system(count) for count in counts]
    rows = [[title, *(f"{count:,}" for count in counts), *(f"{count:,}÷{counts[0]:,}" for count in counts[1:])]]
    for name, case in results.cases.items():
        if case.group != group:
            continue
        ratios = [results.ratio(name, other, systems[0]) for other in systems[1:]]
        rows.append([
            f"{case.title} ({case.unit})", *(figure(results.median(name, system)) for system in systems),
            *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios)])
    return rows


def stores(results):
    return growing(results, "stores", "tacit, by secrets in the store", results.settings.stores, lambda count: f"tacit {count:,}")


def jobs(results):
    return growing(results, "jobs", "tacit, by jobs that run", (1, results.settings.jobs), jobs_named)


def programs(results):
    rows = [["start of a program (ms)", "takes", "true"]]
    for name, case in results.cases.items():
        if case.group == "programs":
            rows.append([case.title, *(figure(results.median(name, system)) for system in results.values[name])])
    return rows


def builds(results):
    """tacit and the build that it is compared with, by case and system."""
    rows = [["tacit, now and before", "before", "now", "now÷before"]]
    for name, case in results.cases.items():
        for system in results.values[name]:
            if before(system) in results.values[name]:
                medians = [figure(results.median(name, each)) for each in (before(system), system)]
                ratio = results.ratio(name, system, before(system))
                size = "" if case.group in ("others", "programs") else f", {system}"
                rows.append([f"{case.title}{size} ({case.unit})", *medians, "" if ratio is None else f"{ratio:.2f}"])
    return rows


def outcomes(results):
    """Each target with what was measured: text, limit, figure, outcome."""
    rows = []
    for target in targets():
        number = target.measured(results)
        limit = f"{'≤' if target.at_most else '≥'} {target.limit:g} {target.unit}"
        if number is None:
            rows.append([target.text, limit, "–", "not measured"])
        else:
            rows.append([target.text, limit, target.shown(number), "reached" if target.is_reached(number) else "missed"])
    return rows


def text(results):
    parts = [
        f"Medians of {results.settings.rounds} rounds. A ratio is the median of the rounds' ratios; above 1 the first is the better one."]
    rows_of_builds = builds(results)
    tables = [rows_of_builds] if len(rows_of_builds) > 1 else [compared(results), stores(results), jobs(results), programs(results)]
    for rows in tables:
        if len(rows) > 1:
            parts.append(table(rows))
    if results.left_out:
        parts.append("\n".join(f"{name}: not measured: {reason}" for name, reason in results.left_out.items()))
    if not results.settings.quick and len(rows_of_builds) == 1:
        parts.append(table([["target", "to reach", "measured", ""], *outcomes(results)]))
    return "\n" + "\n\n".join(parts)
