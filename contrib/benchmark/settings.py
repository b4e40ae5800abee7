# SPDX-License-Identifier: MIT

"""How much of everything."""

from dataclasses import dataclass


@dataclass
class Settings:
    quick: bool
    rounds: int
    # How long one measurement of reading takes, in seconds, and before it a quarter of that to get warm.
    seconds: float
    # Files that are read in turn.
    many: int
    # Secrets in the folder that `ls` lists.
    listed: int
    # Secrets below the folder that `find` walks through, each with forty names.
    found: int
    # Files that are created, overwritten and removed.
    changed: int
    # Secrets in tacit's stores of different size, from the smallest to the largest.
    stores: tuple
    # Starts of a program.
    starts: int
    # Jobs that run at once.
    jobs: int


FULL = Settings(
    quick=False, rounds=5, seconds=0.6, many=1000, listed=10_000, found=2500, changed=300, stores=(1000, 100_000, 1_000_000), starts=20,
    jobs=1000)
QUICK = Settings(quick=True, rounds=2, seconds=0.05, many=100, listed=1000, found=50, changed=10, stores=(1000, 10_000), starts=5,
    jobs=20)
