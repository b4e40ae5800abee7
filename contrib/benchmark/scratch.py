# SPDX-License-Identifier: MIT

"""A run's place: where everything is mounted and kept, and that nothing of it stays."""

import ctypes
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import systems
import tree
from preparation import BUILD, Failure, run

CLONE_NEWNS = 0x20000
# The signals by which a person ends a run.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What the rows of a filled store depend on. Stores that were filled before stay good: the daemon opens old ones.
FILLED_BY = ["Tests/StoreFill/main.swift", "Sources/Vault/Store/Schema.swift"]


def private_mounts():
    """From here on no other process sees what is mounted, and it goes with this one and its children."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise Failure(f"mounts of our own: {os.strerror(ctypes.get_errno())}")
    run(["mount", "--make-rprivate", "/"])


class Program:
    """A command line, as a system of the cases that start programs."""

    def __init__(self, name, words):
        self.name = name
        self.words = words


class Scratch:
    def __init__(self, tools, before, settings, selected):
        self.tools = tools
        # The programs of another checkout that are compared with ours, or None.
        self.before = before
        self.settings = settings
        self.selected = selected
        self.folder = None
        self.started = []
        self.groups = {}

    def __enter__(self):
        private_mounts()
        os.umask(0o022)
        # Where users other than root can get to, and on a disk.
        self.folder = tempfile.mkdtemp(prefix="tacit-bench-", dir="/var/tmp")
        os.chmod(self.folder, 0o755)
        return self

    def __exit__(self, *_):
        # What is mounted gets unmounted, however often somebody presses Ctrl-C.
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        for system in self.started:
            system.stop()
        if any(systems.is_mounted(system.root) for system in self.started):
            print(f"bench: something is still mounted below {self.folder}", file=sys.stderr)
            return
        shutil.rmtree(self.folder, ignore_errors=True)

    def systems(self, case):
        """The systems that a case is about, started and filled."""
        if case.group not in self.groups:
            self.groups[case.group] = getattr(self, f"start_{case.group}")()
        return case.choose(self.groups[case.group], self)

    def place(self, name):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        return folder

    def start(self, system):
        self.started.append(system)
        system.prepare()
        system.start()
        return system

    def builds(self, name):
        """Our programs and those they are compared with, each with the name that tables give a system of them."""
        yield name, self.tools
        if self.before is not None:
            yield systems.before(name), self.before

    def start_others(self):
        """tacit and those it is compared with, all with the same tree."""
        print("filling the systems", file=sys.stderr)
        filled = self.filled(tree.projects(self.settings))
        every = [systems.Tacit(name, self.place(name), tools, filled) for name, tools in self.builds("tacit")]
        every += [] if self.before is not None else [
            systems.Floor("floor", self.place("floor"), self.tools),
            systems.Gocryptfs("gocryptfs", self.place("gocryptfs")),
            systems.Encfs("encfs", self.place("encfs")),
            systems.Tmpfs("tmpfs", self.place("tmpfs")),
        ]
        for system in every:
            self.start(system)
        stopped = threading.Event()
        with ThreadPoolExecutor() as pool:
            try:
                list(pool.map(lambda system: system.furnish(self.settings, stopped), every))
            except BaseException:
                # One failed, or somebody has had enough: the others need not go on.
                stopped.set()
                raise
        for system in every:
            if paths := tree.wrong(system.root):
                raise Failure(f"{system.name}: other bytes than were written: {', '.join(paths)}")
        return every

    def start_stores(self):
        """tacit with stores of different size."""
        every = []
        for count in self.settings.stores:
            filled = self.filled({"many": (count, 1)})
            for name, tools in self.builds(f"tacit {count:,}"):
                system = self.start(systems.Tacit(name, self.place(name), tools, filled, count))
                system.share()
                every.append(system)
        return every

    def start_jobs(self):
        """tacit with one job, and with many."""
        filled = self.filled({"many": (self.settings.stores[0], 1)})
        every = []
        for count in (1, self.settings.jobs):
            for name, tools in self.builds(systems.jobs_named(count)):
                system = self.start(systems.Working(name, self.place(name), tools, filled, count))
                system.share()
                system.employ()
                every.append(system)
        return every

    def start_programs(self):
        """Command lines, with a daemon that they can ask."""
        filled = self.filled({"many": (self.settings.stores[0], 1)})
        daemon = self.start(systems.Tacit("asked", self.place("asked"), self.tools, filled))
        os.environ["TACIT_SOCKET"] = daemon.socket
        # Who owns the store runs nothing without a grant.
        daemon.ask("grant", "acme", "uid:0", "run")
        return [Program("true", ["true"])]

    def filled(self, projects):
        """A folder with a store that has so many secrets in each project, each with so many variables.

        It is kept, since a million take some minutes. The older of two builds fills it: the newer opens its stores.
        """
        tools = self.before or self.tools
        version = hashlib.sha256()
        for path in FILLED_BY:
            with open(os.path.join(tools.checkout, path), "rb") as file:
                version.update(file.read())
        stores = os.path.join(tools.checkout, BUILD, "stores")
        ours = os.path.join(stores, version.hexdigest()[:16])
        os.makedirs(ours, mode=0o700, exist_ok=True)
        for other in os.listdir(stores):
            if os.path.join(stores, other) != ours:
                shutil.rmtree(os.path.join(stores, other))
        store = os.path.join(ours, "+".join(f"{name}-{secrets}x{each}" for name, (secrets, each) in projects.items()))
        if not os.path.exists(store):
            print(f"filling a store with {sum(secrets for secrets, _ in projects.values()):,} secrets", file=sys.stderr)
            unfinished = tempfile.mkdtemp(prefix="unfinished-", dir=ours)
            try:
                run([tools.storefill, unfinished, *(f"{name}={secrets}x{each}" for name, (secrets, each) in projects.items())])
                os.rename(unfinished, store)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        return store

    def load(self, *words, paths=(), within=()):
        """Runs the load generator, with words in front of it.

        Returns operations a second, and the median and the 99th percentile in microseconds.
        """
        ended = subprocess.run(
            [*within, self.tools.load, *map(str, words)], input="".join(f"{path}\n" for path in paths), encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if ended.returncode != 0:
            raise Failure(ended.stderr.strip() or f"load ended with {ended.returncode}")
        return tuple(map(float, ended.stdout.split()))
