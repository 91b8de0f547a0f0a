"""Runs until it is killed; a process of its own leaves signs of life."""

import time
from collections.abc import Sequence
from multiprocessing import Process
from pathlib import Path


def beat() -> None:
    while True:
        with Path(__file__).with_name("beats").open("a") as beats:
            beats.write("beat ")
        time.sleep(0.02)


def main(numbers: Sequence[int]) -> None:
    process = Process(target=beat)
    process.start()
    process.join()
