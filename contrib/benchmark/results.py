# SPDX-License-Identifier: MIT

"""What was measured, and what follows from it."""

import json
import re
from statistics import median


class Results:
    def __init__(self, settings, machine):
        self.settings = settings
        self.machine = machine
        self.cases = {}
        self.values = {}
        self.details = {}
        self.left_out = {}

    def add(self, case, system, sample):
        self.cases[case.name] = case
        self.values.setdefault(case.name, {}).setdefault(system, []).append(sample.value)
        self.details.setdefault(case.name, {}).setdefault(system, []).append(sample.details)

    def leave_out(self, case, reason):
        self.left_out[case.name] = reason

    def median(self, case, system):
        """The median of a system's values; None if it was not measured."""
        values = self.values.get(case, {}).get(system)
        return median(values) if values else None

    def ratio(self, case, system, other):
        """How many times as good a system is as another: the median of the rounds' ratios. None if they were not measured."""
        ours, theirs = (self.values.get(case, {}).get(name) for name in (system, other))
        if not ours or not theirs:
            return None
        ratios = [a / b if self.cases[case].more_is_better else b / a for a, b in zip(ours, theirs) if a > 0 and b > 0]
        return median(ratios) if ratios else None

    def write(self, path):
        cases = [
            {
                "name": name, "title": case.title, "unit": case.unit, "more_is_better": case.more_is_better,
                "systems": {
                    system: {
                        "median": round(median(values), 3), "rounds": [round(value, 3) for value in values],
                        **({"details": self.details[name][system]} if any(self.details[name][system]) else {}),
                    }
                    for system, values in self.values[name].items()
                },
            }
            for name, case in self.cases.items()
        ]
        everything = {"machine": self.machine, "settings": vars(self.settings), "cases": cases, "left_out": self.left_out}
        shown = json.dumps(everything, indent=1, ensure_ascii=False)
        # What holds only numbers stays on one line.
        shown = re.sub(r"([\[{])\s+([^\[\]{}]*?)\s+([\]}])", lambda found: found[1] + re.sub(r"\s+", " ", found[2]) + found[3], shown)
        with open(path, "w", encoding="utf-8") as file:
            file.write(shown + "\n")
