# SPDX-License-Identifier: MIT

"""The tree that each system holds: secrets of an organization `acme`, as tacit lays them out.

A tacit store is filled from below (Tests/StoreFill), all else through the mount by ordinary programs' calls. Values are text, since they
are variables, and the same everywhere.
"""

import os
import subprocess

# Who reads: somebody without any account here, whom tacit and the floor let in by an ACL, and the others by mode.
READER = 1001
SIZES = {"32": 32, "4k": 4096, "64k": 65536}
VARIABLES = 20


def number(index):
    return f"{index:032d}"


def text(length):
    return ("abcdefghijklmnopqrstuvwxyz012345" * (length // 32 + 1))[:length]


def lines(assignments):
    """What `env` shows."""
    return "".join(f"{name}={content}\n" for name, content in sorted(assignments.items()))


def application():
    """The variables of the secret whose `env` is read."""
    return {f"VARIABLE_{index:02d}": number(index) for index in range(VARIABLES)}


def value(size):
    """The path of a value of that size, and the value."""
    return f"acme/web/db/vars/V{size}", text(SIZES[size])


def secret(project, index):
    return f"acme/{project}/s{index:07d}"


# In the project `find`: with the secret itself, vars, files and env, that makes forty names.
FOUND_VARIABLES = 36
FOUND_NAMES = FOUND_VARIABLES + 4


def projects(settings):
    """Projects with so many secrets, each with so many variables."""
    return {"many": (settings.many, 1), "list": (settings.listed, 1), "find": (settings.found, FOUND_VARIABLES)}


def variables(index, count):
    """The variables of a secret, as storefill makes them."""
    return {"V" if variable == 0 else f"V{variable}": number(index) for variable in range(count)}


def write(root, path, content):
    with open(os.path.join(root, path), "w", encoding="ascii") as file:
        file.write(content)


def make_secret(root, path, assignments):
    """A secret as tacit shows one, by hand."""
    for folder in ("vars", "files"):
        os.makedirs(os.path.join(root, path, folder))
    for name, content in assignments.items():
        write(root, f"{path}/vars/{name}", content)
    write(root, f"{path}/env", lines(assignments))


def make_projects(root, settings, stopped):
    for project, (count, each) in projects(settings).items():
        os.makedirs(os.path.join(root, "acme", project))
        for index in range(count):
            if stopped.is_set():
                return
            if project == "list":
                os.mkdir(os.path.join(root, secret(project, index)))
            else:
                make_secret(root, secret(project, index), variables(index, each))


def furnish(root, by_hand):
    """The single secrets: values of each size, an `env`, a place for changes. `by_hand`: also what tacit makes by itself."""
    sized = {f"V{size}": text(length) for size, length in SIZES.items()}
    for name, content in {"db": sized, "app": application(), "scratch": {}}.items():
        if by_hand:
            make_secret(root, f"acme/web/{name}", content)
            continue
        os.makedirs(os.path.join(root, "acme/web", name))
        for variable, text_of in content.items():
            write(root, f"acme/web/{name}/vars/{variable}", text_of)


def as_reader(*words):
    return ["setpriv", f"--reuid={READER}", f"--regid={READER}", "--clear-groups", *words]


def wrong(root):
    """What the reader does not get as it was written: paths."""
    expected = dict(value(size) for size in SIZES)
    expected["acme/web/app/env"] = lines(application())
    expected[f"{secret('many', 7)}/vars/V"] = number(7)
    expected[f"{secret('find', 7)}/env"] = lines(variables(7, FOUND_VARIABLES))
    return [
        path for path, content in expected.items()
        if subprocess.run(as_reader("cat", path), cwd=root, stdout=subprocess.PIPE).stdout != content.encode()
    ]
