# SPDX-License-Identifier: MIT

"""contrib/bench: tacit measured beside others, in one run on one machine.

Words: a *system* is something mounted with the usual tree in it (systems.py, tree.py). A *case* is a question that is put to some
systems (cases.py). A *round* puts it to each of them once, one right after the other, from another one on each time; so what disturbs
the machine disturbs all. What counts are medians: of the rounds' values, and of the ratios within each round (results.py).

Only what is asked for is measured, and nothing is estimated: a case in which anything fails ends the run.
"""

import argparse
import fnmatch
import os
import signal
import sys
from dataclasses import replace

import cases
import chart
import machine
import preparation
import report
from preparation import Failure
from results import Results
from scratch import ENDING, Scratch
from settings import FULL, QUICK


WITHIN = {"stores": ", by the size of the store", "jobs": ", by jobs that run", "programs": ", from its start to its end"}


class Parser(argparse.ArgumentParser):
    def error(self, message):
        print(f"bench: {message}\nhint: contrib/bench --help", file=sys.stderr)
        sys.exit(2)


def rounds(text):
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"not a number from 1 to 1000: {text}")
    return int(text)


def options(words):
    parser = Parser(
        prog="contrib/bench", allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures tacit beside a do-nothing file system, gocryptfs, encfs and tmpfs.",
        epilog="Cases:\n" + "\n".join(f"  {case.name:<14}{case.title}{WITHIN.get(case.group, '')}" for case in cases.of(FULL)))
    parser.add_argument("--quick", action="store_true", help="less of everything, in less than a minute; no figures to quote")
    parser.add_argument(
        "--only", metavar="CASE", action="append", help="this case only, or those that match, as in 'read-*'; may be repeated")
    parser.add_argument("--rounds", metavar="N", type=rounds, help="rounds of each case (5; quick: 2)")
    parser.add_argument(
        "--before", metavar="CHECKOUT", help="compare with the programs of that other checkout of tacit, and with nothing else")
    parser.add_argument("--out", metavar="DIR", help="where results.json and chart.svg go (.build/bench)")
    parser.add_argument("--name", metavar="NAME", help="what they are called instead: NAME.json and NAME.svg")
    given = parser.parse_args(words)
    if given.name is not None and (not given.name or "/" in given.name):
        parser.error(f"not a file's name: {given.name}")
    if given.before is not None and not os.path.exists(os.path.join(given.before, "Package.swift")):
        parser.error(f"not a checkout of tacit: {given.before}")
    return parser, given


def chosen(parser, given, settings):
    every = cases.of(settings)
    if not given.only:
        return every
    for pattern in given.only:
        if not any(fnmatch.fnmatchcase(case.name, pattern) for case in every):
            parser.error(f"no such case: {pattern}")
    return [case for case in every if any(fnmatch.fnmatchcase(case.name, pattern) for pattern in given.only)]


def measure(settings, selected, tools, before, out, names):
    results = Results(settings, machine.describe(tools))
    with Scratch(tools, before, settings, selected) as scratch:
        for case in selected:
            try:
                systems = scratch.systems(case)
            except cases.NotThere as reason:
                print(f"{case.name}: {reason}", file=sys.stderr)
                results.leave_out(case, str(reason))
                continue
            print(f"{case.name}: {case.title}", end="", file=sys.stderr, flush=True)
            for number in range(min(settings.rounds, case.most_rounds)):
                first = number % len(systems)
                for system in systems[first:] + systems[:first]:
                    try:
                        sample = case.measure(system, scratch)
                    except Failure as failure:
                        raise Failure(f"{case.name}: {system.name}: {failure}") from failure
                    results.add(case, system.name, sample)
                print(" .", end="", file=sys.stderr, flush=True)
            print(file=sys.stderr)
        # Before everything is taken away, which may take a while.
        results.write(os.path.join(out, names[0]))
        if before is None:
            chart.write(results, os.path.join(out, names[1]))
        print(report.text(results))
        print(f"\nIn {out}: {' and '.join(names[:1] if before else names)}", flush=True)


def interrupted(number, _):
    print(file=sys.stderr)
    sys.exit(128 + number)


def main():
    parser, given = options(sys.argv[1:])
    settings = QUICK if given.quick else FULL
    if given.rounds:
        settings = replace(settings, rounds=given.rounds)
    selected = chosen(parser, given, settings)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    before = os.path.abspath(given.before) if given.before is not None else None
    out = os.path.abspath(given.out or os.path.join(root, ".build", "bench"))
    names = [f"{given.name}.json", f"{given.name}.svg"] if given.name else ["results.json", "chart.svg"]
    os.chdir(root)
    for number in ENDING:
        signal.signal(number, interrupted)
    try:
        os.makedirs(out, exist_ok=True)
        preparation.check()
        preparation.install()
        measure(settings, selected, preparation.build(root), preparation.build(before) if before is not None else None, out, names)
    except (Failure, OSError) as failure:
        print(f"\nbench: {failure}", file=sys.stderr)
        sys.exit(1)


main()
