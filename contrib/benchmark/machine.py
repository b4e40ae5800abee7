# SPDX-License-Identifier: MIT

"""What the figures come from: the machine and the versions. Nothing that tells whose machine it is."""

import os
import platform
import re
import subprocess
import time


def first_line(*words):
    """The first line that a command prints; empty if it can't be run."""
    try:
        ended = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError:
        return ""
    return next((line.strip() for line in ended.stdout.decode(errors="replace").splitlines() if line.strip()), "")


def field(path, pattern):
    with open(path, encoding="utf-8", errors="replace") as file:
        found = re.search(pattern, file.read(), re.MULTILINE)
    return found.group(1).strip() if found else ""


def release(text):
    """The number in what a program says of its version."""
    found = re.search(r"\d+(\.\d+)+", text)
    return found.group(0) if found else text


def commit():
    """The commit that was measured, with a plus if what is here differs from it."""
    name = first_line("git", "rev-parse", "--short=12", "HEAD")
    if not re.fullmatch(r"[0-9a-f]+", name):
        return "unknown"
    changed = first_line("git", "status", "--porcelain", "--untracked-files=no", "--", "Sources", "Package.swift", "contrib/bench*")
    return name + ("+" if changed else "")


def describe(tools):
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "commit": commit(),
        "cpu": field("/proc/cpuinfo", r"^(?:model name|Model)\s*:\s*(.*)$") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": int(field("/proc/meminfo", r"^MemTotal:\s*(\d+)") or 0) // 1024,
        "kernel": platform.release(),
        "system": field("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "versions": {
            "tacit": release(first_line(tools.tacit, "--version")),
            "gocryptfs": release(first_line("gocryptfs", "-version")),
            "encfs": release(first_line("encfs", "--version")),
            "libfuse": first_line("pkg-config", "--modversion", "fuse3"),
            "swift": release(first_line("swift", "--version")),
            "hyperfine": release(first_line("hyperfine", "--version")),
        },
    }
