# SPDX-License-Identifier: MIT

"""The cases: what is asked, of which systems, and how an answer is measured.

A value is a number of operations a second, of milliseconds, or of MiB. Whoever reads is not root; whoever writes is.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import tree
from preparation import Failure, run
from scratch import Program

PER_SECOND = "/s"
MILLISECONDS = "ms"
MEBIBYTES = "MiB"


class NotThere(Exception):
    """Why a case can't be measured with this tacit."""


@dataclass
class Sample:
    value: float
    details: dict = field(default_factory=dict)


@dataclass
class Case:
    name: str
    title: str
    unit: str
    # others: tacit and those it is compared with; stores: tacit with stores of different size; programs.
    group: str
    # Called with a system and the scratch place; returns a Sample.
    measure: Callable
    # Which of the group's systems, in the order of the table.
    choose: Callable = lambda systems, scratch: list(systems)
    # Fewer rounds than the others: it takes long, or changes what it measures.
    most_rounds: int = 1000

    @property
    def more_is_better(self):
        return self.unit == PER_SECOND


def of(settings):
    """All cases, in the order in which they are measured."""
    return [*reading(settings), *listing(settings), *changing(settings), *sizes(settings), *working(settings), *starting(settings)]


# Reading


def latencies(answer):
    per_second, median, high = answer
    return Sample(per_second, {"p50_us": median, "p99_us": high})


def reads(threads, size, paths):
    """Open, read to the end, close."""

    def measure(system, scratch):
        full = [os.path.join(system.root, path) for path in paths]
        return latencies(scratch.load("read", tree.READER, threads, scratch.settings.seconds, size, paths=full))

    return measure


DROP_CACHES = "/proc/sys/vm/drop_caches"


def forget():
    """Makes the kernel forget pages, names and attributes."""
    # What is not on the disk yet can't be forgotten.
    os.sync()
    with open(DROP_CACHES, "w", encoding="ascii") as file:
        file.write("3\n")


def where_one_can_forget(systems, _):
    if not os.access(DROP_CACHES, os.W_OK):
        raise NotThere(f"{DROP_CACHES} can't be written here")
    return list(systems)


def reads_cold(paths_of):
    def measure(system, scratch):
        full = [os.path.join(system.root, path) for path in paths_of(system)]
        forget()
        return latencies(scratch.load("pass", tree.READER, 1, 32, paths=full))

    return measure


def some(count, total):
    """The paths of so many values, spread over all secrets of the project `many`."""
    return [f"{tree.secret('many', index * total // count)}/vars/V" for index in range(count)]


def reading(settings):
    cases = []
    for size, shown in {"32": "32 bytes", "4k": "4 KiB", "64k": "64 KiB"}.items():
        for threads in (1, 4, 16):
            path, content = tree.value(size)
            cases.append(Case(
                f"read-{size}-{threads}", f"read {shown}, {threads} thread{'s' * (threads > 1)}", PER_SECOND, "others",
                reads(threads, len(content), [path])))
    paths = some(settings.many, settings.many)
    cases.append(Case("read-many-4", f"read {settings.many:,} files in turn, 4 threads", PER_SECOND, "others", reads(4, 32, paths)))
    for threads in (1, 4):
        cases.append(Case(
            f"env-{threads}", f"read env of {tree.VARIABLES} variables, {threads} thread{'s' * (threads > 1)}", PER_SECOND, "others",
            reads(threads, len(tree.lines(tree.application())), ["acme/web/app/env"])))
    cases.append(Case(
        "cold", f"read {settings.many:,} files after drop_caches", PER_SECOND, "others", reads_cold(lambda _: paths),
        where_one_can_forget))
    return cases


# Listing


def names(expected, *words):
    """How long a command takes that prints so many lines, in milliseconds."""

    def measure(system, _):
        began = time.monotonic()
        ended = subprocess.run(tree.as_reader(*words), cwd=os.path.join(system.root, "acme"), stdout=subprocess.PIPE)
        took = time.monotonic() - began
        lines = ended.stdout.count(b"\n")
        if ended.returncode != 0 or lines != expected:
            raise Failure(f"{system.name}: {' '.join(words)} ended with {ended.returncode} and {lines} lines instead of {expected}")
        return Sample(took * 1000)

    return measure


def listing(settings):
    found = settings.found * tree.FOUND_NAMES
    return [
        Case("ls", f"ls of {settings.listed:,} names", MILLISECONDS, "others", names(settings.listed, "ls", "list")),
        Case("find", f"find over {found:,} names", MILLISECONDS, "others", names(found, "find", "find", "-mindepth", "1"), most_rounds=3),
    ]


# Changing


def changes(what, before=None, after=None):
    """Files are made before, and removed after, what is measured."""

    def measure(system, scratch):
        folder, count = os.path.join(system.root, "acme/web/scratch/vars"), scratch.settings.changed
        if before:
            scratch.load(before, folder, count)
        sample = latencies(scratch.load(what, folder, count))
        if after:
            scratch.load(after, folder, count)
        return sample

    return measure


def changing(_):
    return [
        Case("create", "create, write, fsync, close", PER_SECOND, "others", changes("create", after="remove")),
        Case("overwrite", "overwrite, fsync, close", PER_SECOND, "others", changes("overwrite", "create", "remove")),
        Case("remove", "remove", PER_SECOND, "others", changes("remove", "create")),
        Case("memory", "memory of the daemon after all that", MEBIBYTES, "others", resident, daemons, most_rounds=1),
    ]


def resident(system, _):
    every, anonymous = system.resident()
    return Sample(every, {"anonymous_mib": round(anonymous, 2)})


def daemons(systems, _):
    return [system for system in systems if system.process is not None]


# Stores of different size


def mounts(system, _):
    """From the start of the process to the first answer of the mount."""
    system.stop()
    return Sample(system.start() * 1000)


def size_reads(threads):
    """As many files whatever the size of the store, spread over it."""

    def measure(system, scratch):
        return reads(threads, 32, some(scratch.settings.many, system.count))(system, scratch)

    return measure


def looked_up(system, scratch):
    """Memory after every secret was looked up, and some were read by the cases before."""
    before, _ = system.resident()
    prefix, digits = os.path.join(system.root, "acme/many/s"), 7
    per_second, _, _ = scratch.load("stat", tree.READER, 4, prefix, digits, system.count, "")
    every, anonymous = system.resident()
    details = {"before_mib": round(before, 2), "anonymous_mib": round(anonymous, 2), "looked_up_per_second": per_second}
    return Sample(every, details)


def sizes(settings):
    return [
        Case("mount", "start of tacitd to the first answer", MILLISECONDS, "stores", mounts),
        Case("size-1", f"read {settings.many:,} files in turn, 1 thread", PER_SECOND, "stores", size_reads(1)),
        Case("size-4", f"read {settings.many:,} files in turn, 4 threads", PER_SECOND, "stores", size_reads(4)),
        Case(
            "size-cold", f"read {settings.many:,} files after drop_caches", PER_SECOND, "stores",
            reads_cold(lambda system: some(settings.many, system.count)), where_one_can_forget),
        Case("memory-all", "memory of tacitd after all secrets were looked up", MEBIBYTES, "stores", looked_up, most_rounds=1),
    ]


# Jobs


def job_reads(path):
    """Reading inside of the last job of a system, in which nothing else is read."""

    def measure(system, scratch):
        full = [os.path.join(system.root, path or f"{tree.secret('many', system.last)}/vars/V")]
        return latencies(scratch.load("read", tree.READER, 1, scratch.settings.seconds, 32, paths=full, within=system.inside()))

    return measure


def working(settings):
    return [
        Case("job", "read job/vars/V inside of a job, 1 thread", PER_SECOND, "jobs", job_reads("job/vars/V")),
        Case("job-direct", "read the same by its own path", PER_SECOND, "jobs", job_reads(None)),
        Case("memory-jobs", "memory of tacitd with its jobs", MEBIBYTES, "jobs", resident, most_rounds=1),
    ]


# Starting programs


def starts(program, scratch):
    """The median of some starts, as hyperfine measures it, without a shell."""
    report = os.path.join(scratch.folder, "hyperfine.json")
    command = " ".join(program.words)
    run(["hyperfine", "-N", "--style", "none", "--warmup", "2", "--runs", str(scratch.settings.starts), "--export-json", report, command])
    with open(report, encoding="utf-8") as file:
        return Sample(json.load(file)["results"][0]["median"] * 1000)


def commands(program, words, if_there=None):
    """`true`, and a program of ours, if its command is there yet."""

    def choose(systems, scratch):
        ours = getattr(scratch.tools, program)
        name = " ".join([program, *words])
        if if_there and subprocess.run([ours, if_there, "--help"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
            raise NotThere(f"this tacit has no command `{if_there}` yet")
        return [*(Program(shown, [getattr(tools, program), *words]) for shown, tools in scratch.builds(name)), *systems]

    return choose


def starting(_):
    def case(name, title, *arguments):
        return Case(name, title, MILLISECONDS, "programs", starts, commands(*arguments))

    return [
        case("version", "tacit --version", "tacit", ["--version"]),
        case("version-d", "tacitd --version", "tacitd", ["--version"]),
        case("status", "tacit status", "tacit", ["status"]),
        case("tacit-ls", "tacit ls acme/many", "tacit", ["ls", "acme/many"], "ls"),
        case("run", "tacit run -- true", "tacit", ["run", "-p", "acme/many", "-s", "s0000000", "--", "true"], "run"),
    ]
