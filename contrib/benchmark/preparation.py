# SPDX-License-Identifier: MIT

"""What must be there before anything is measured: packages, and programs built."""

import os
import shutil
import subprocess
from dataclasses import dataclass

PACKAGES = [
    "libfuse3-dev", "fuse3", "libsodium-dev", "libsqlite3-dev", "libmicrohttpd-dev", "pkg-config", "gcc", "libc6-dev",
    "util-linux", "findutils", "coreutils", "gocryptfs", "encfs", "hyperfine",
]
HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(".build", "bench")


class Failure(Exception):
    """Something that ends the run, with what a person can do about it."""


@dataclass
class Tools:
    """Where a checkout is, and the programs that were built of it."""

    checkout: str
    tacitd: str
    # Those that every daemon is started with.
    options: list
    tacit: str
    storefill: str
    floor: str
    load: str


def check():
    if os.geteuid() != 0:
        raise Failure("run it as root: it mounts for other users, and empties the kernel's caches")
    if not os.path.exists("/dev/fuse"):
        raise Failure("there is no /dev/fuse")
    if shutil.which("swift") is None:
        raise Failure("there is no swift on PATH\nhint: the toolchain is at https://www.swift.org/install/linux")


def run(words, quiet=True):
    """Runs a command; throws with what it printed if it fails."""
    ended = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if quiet else None, stderr=subprocess.STDOUT if quiet else None)
    if ended.returncode != 0:
        printed = (ended.stdout or b"").decode(errors="replace").strip()
        raise Failure(f"{' '.join(words)} ended with {ended.returncode}" + (f":\n{printed}" if printed else ""))
    return (ended.stdout or b"").decode(errors="replace")


def is_installed(package):
    state = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return state.stdout == b"installed"


def install():
    missing = [package for package in PACKAGES if not is_installed(package)]
    if not missing:
        return
    print("Installing", *missing, flush=True)
    run(["apt-get", "update", "-q"])
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing])


def compiled(name, sources, libraries=""):
    """A C program of this folder."""
    os.makedirs(BUILD, exist_ok=True)
    program = os.path.abspath(os.path.join(BUILD, name))
    flags = run(["pkg-config", "--cflags", "--libs", libraries]).split() if libraries else []
    files = [os.path.join(HERE, source) for source in sources]
    run(["gcc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", program, *files, *flags])
    return program


def unlimited(tacitd):
    """The options that take away the limits of one user, since one user does here what many do elsewhere. Older daemons have none."""
    option = "audit-rate=0"
    refused = subprocess.run([tacitd, "-f", "-o", option, "--store", "/dev/null/none", "/"], stdin=subprocess.DEVNULL, capture_output=True)
    return [] if f"'{option}' is not known".encode() in refused.stderr else ["-o", option]


def build(checkout):
    """Builds the programs of a checkout, this one or another. The C programs are always this one's."""
    print(f"Building {checkout}. The first time takes some minutes.", flush=True)

    def swift_build(*options):
        return run(["swift", "build", "--package-path", checkout, *options]).strip()

    for product in ("tacitd", "tacit"):
        swift_build("-c", "release", "--disable-local-rpath", "--product", product)
    swift_build("--product", "storefill")
    release = swift_build("-c", "release", "--show-bin-path")
    debug = swift_build("--show-bin-path")
    tacitd = os.path.join(release, "tacitd")
    return Tools(
        checkout=checkout, tacitd=tacitd, options=unlimited(tacitd), tacit=os.path.join(release, "tacit"),
        storefill=os.path.join(debug, "storefill"),
        floor=compiled("floor", ["floor/main.c", "floor/tree.c", "floor/files.c"], "fuse3"), load=compiled("load", ["load.c"]))
