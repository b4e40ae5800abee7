# SPDX-License-Identifier: MIT

"""The systems that are measured: each is something mounted, in a folder of its own."""

import json
import os
import signal
import subprocess
import time

import tree
from preparation import Failure, run


class System:
    """Something mounted at `root`. `name` is what tables call it."""

    # Whether tacit's own files and folders must be made by hand.
    by_hand = True

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.root = os.path.join(folder, "root")
        self.log = os.path.join(folder, "log")
        self.process = None
        os.makedirs(self.root)

    def words(self):
        """The command that serves the mount, in the foreground."""
        raise NotImplementedError

    def answers(self):
        return os.path.ismount(self.root)

    def prepare(self):
        """What is done once, before the first start."""

    def furnish(self, settings, stopped):
        """Fills the tree, once, after the first start, or until it is stopped."""
        tree.make_projects(self.root, settings, stopped)
        tree.furnish(self.root, self.by_hand)

    def start(self):
        """Starts it, and returns how many seconds passed until it answered."""
        # Should this process be killed, so is the daemon. A session of its own: Ctrl-C is for us, who then end it.
        with open(self.log, "ab") as log:
            began = time.monotonic()
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.words()], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > 60:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise Failure(f"{self.name} did not start: {log.read().strip()}")
            time.sleep(0.0005)
        return time.monotonic() - began

    def stop(self):
        """Unmounts, whatever state it is in. Throws nothing."""
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for _ in range(10):
            if subprocess.run(["mountpoint", "-q", self.root], stderr=subprocess.DEVNULL).returncode != 0 and not is_mounted(self.root):
                return
            subprocess.run(["umount", "-l", self.root], stderr=subprocess.DEVNULL)

    def resident(self):
        """The memory of its process, in MiB, in all and without pages of files."""
        if self.process is None:
            return 0.0, 0.0
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))


def is_mounted(path):
    """Whether the mount table has it, also where what is mounted is dead."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
        return any(line.split()[4] == path for line in table)


class Tacit(System):
    """A daemon on a store that is filled already. Its log is as long as its store says, so both are copied together."""

    by_hand = False

    def __init__(self, name, folder, tools, filled, count=None):
        super().__init__(name, folder)
        self.tools = tools
        self.filled = filled
        # How many secrets the project `many` has.
        self.count = count
        self.state = os.path.join(folder, "state")
        self.socket = os.path.join(folder, "socket")

    def prepare(self):
        run(["cp", "-r", "--sparse=never", self.filled, self.state])

    def words(self):
        return [
            self.tools.tacitd, "-f", *self.tools.options, "--store", f"{self.state}/tacit.db", "--key-file", f"{self.state}/root.key",
            "--socket", self.socket, "--audit", f"{self.state}/audit.log", self.root]

    def answers(self):
        # A question to the daemon, not to the kernel. Before the mount the folder below is empty.
        return os.path.exists(os.path.join(self.root, tree.secret("many", 0), "vars", "V"))

    def ask(self, *words):
        return run(["env", f"TACIT_SOCKET={self.socket}", self.tools.tacit, *words])

    def share(self):
        self.ask("grant", "acme", f"uid:{tree.READER}", "list,read")

    def furnish(self, settings, stopped):
        self.share()
        tree.furnish(self.root, self.by_hand)


def before(name):
    """What tables call a system of the build that is compared with ours."""
    return f"{name} before"


def jobs_named(count):
    """What tables call a daemon with so many jobs."""
    return f"{count:,} job{'s' * (count > 1)}"


class Working(Tacit):
    """A daemon with so many jobs, each of a secret of its own."""

    def __init__(self, name, folder, tools, filled, jobs):
        super().__init__(name, folder, tools, filled)
        self.last = jobs - 1
        self.children = []

    def inside(self, secret=None):
        """Words in front of a command that is to run in a job."""
        name = os.path.basename(tree.secret("many", self.last if secret is None else secret))
        return tree.as_reader(
            "env", f"TACIT_SOCKET={self.socket}", self.tools.tacit, "run", "--no-mask", "-p", "acme/many", "-s", name, "--")

    def employ(self):
        """Starts the jobs but for the last, in which is read, and waits until all run."""
        for secret in range(self.last):
            self.children.append(subprocess.Popen(
                self.inside(secret) + ["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True))
        began = time.monotonic()
        while (running := len(json.loads(self.ask("jobs", "--json"))["jobs"])) < self.last:
            if time.monotonic() - began > 300 or any(child.poll() is not None for child in self.children):
                raise Failure(f"{self.name}: {running} of {self.last} jobs run")
            time.sleep(0.2)

    def stop(self):
        # Each ends with the end of its input, and all are gone before the daemon is.
        for child in self.children:
            child.stdin.close()
        for child in self.children:
            child.wait(60)
        self.children = []
        super().stop()


class Floor(System):
    def __init__(self, name, folder, tools):
        super().__init__(name, folder)
        self.tools = tools

    def words(self):
        return [self.tools.floor, str(tree.READER), self.root]


class Gocryptfs(System):
    """Its usual options, but for the derivation of the key from the password, which would only make it start later."""

    password = ["-extpass", "echo", "-extpass", "bench"]

    def prepare(self):
        os.mkdir(f"{self.folder}/data")
        run(["gocryptfs", "-init", "-q", "-scryptn", "10", *self.password, f"{self.folder}/data"])

    def words(self):
        return ["gocryptfs", "-fg", "-q", "-nosyslog", "-allow_other", *self.password, f"{self.folder}/data", self.root]


class Encfs(System):
    def prepare(self):
        os.mkdir(f"{self.folder}/data")

    def words(self):
        return [
            "encfs", "-f", "--standard", "--extpass=echo bench", f"{self.folder}/data", self.root, "--", "-o",
            "allow_other,default_permissions"]


class Tmpfs(System):
    def start(self):
        began = time.monotonic()
        run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", self.root])
        return time.monotonic() - began
