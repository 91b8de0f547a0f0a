# /// script
# requires-python = ">=3.11"
# dependencies = ["distributed>=2025.11.0"]
# ///
"""The producer-consumer of chapter 3, with its consumers on a cluster.

A consumer is a process now, on this machine or on another one. Dask carries
items and replies. When a process is lost, another one gets its items.

    python cluster/consumer_produce.py                  two processes, here
    python cluster/consumer_produce.py --items 9 --consumers 3 --queue-size 1
    python cluster/consumer_produce.py --fail-on 3      cannot be consumed
    python cluster/consumer_produce.py --kill-on 3      kills its consumer
    python cluster/consumer_produce.py --freeze-on 3    suspends its consumer
    python cluster/consumer_produce.py --scheduler tcp://127.0.0.1:8786

The last one uses a cluster that runs already; README.md says how to start it.
"""

import argparse
import errno
import importlib.util
import logging
import os
import re
import signal
import socket
import sys
import time
from contextlib import ExitStack
from multiprocessing import active_children, resource_tracker
from typing import NamedTuple

if sys.version_info < (3, 11):
    sys.exit("Python 3.11 or newer is needed")
if not importlib.util.find_spec("distributed"):
    pip = "python -m" if importlib.util.find_spec("pip") else "uv"
    what = "-r cluster/requirements.txt"
    sys.exit(f"distributed is missing: {pip} pip install {what}")

import psutil  # which Dask brings along
from distributed import Client, Event, LocalCluster, as_completed


class Options(NamedTuple):
    items: int = 5
    consumers: int = 2  # where this script starts them itself
    queue_size: int = 2
    seconds: float = 1.0  # that consuming an item takes
    fail_on: int = 0  # the item that cannot be consumed; 0: none
    kill_on: int = 0  # the item whose consumer is killed, once
    freeze_on: int = 0  # the item whose consumer is suspended, once
    scheduler: str = ""  # the address of a cluster that runs already


def consume(item: int, options: Options, tried: Event) -> tuple[int, str, str]:
    """Consume an item in a worker; return the item, the reply, and by whom."""
    say(f"[CONSUMER] Consuming {item}...", this_process())
    if item == options.fail_on:
        raise ConsumeError(f"item {item}: the consumer was told to fail on it")
    if item in (options.kill_on, options.freeze_on) and not tried.is_set():
        tried.set()  # in the scheduler, where the next consumer sees it
        time.sleep(options.seconds / 2)
        if item == options.kill_on:
            say(f"[CONSUMER] Killed on {item}...", this_process())
            psutil.Process().kill()
        else:
            say(f"[CONSUMER] Frozen on {item}...", this_process())
            psutil.Process().suspend()
    time.sleep(options.seconds)
    return item, "200 OK", this_process()


def producer(client: Client, options: Options) -> None:
    """Submit items, but never more than the consumers and the queue can hold.

    The queue is in the scheduler, which knows what each worker has. When it
    loses a worker, it gives those items to others: an item may be consumed
    twice. But it has only one future, and so one reply.
    """
    room = sum(client.nthreads().values()) + options.queue_size
    futures = as_completed()  # gives each back as soon as it is done

    def take_replies(left: int) -> None:
        """Wait until no more than so many items are left without a reply."""
        while futures.count() > left:
            # Raises what the consumer has raised.
            item, reply, process = next(futures).result()
            consumed_by.append(process)
            say(f"[PRODUCER] Consumer return: {reply} for {item}")

    for item in range(1, options.items + 1):
        produced.append(item)
        say(f"[PRODUCER] Producing {item}...", this_process())
        take_replies(left=room - 1)  # waits while there is no room
        futures.add(client.submit(consume, item, options, Event(), pure=False))
        say(f"[PRODUCER] Queued {item}")
    take_replies(left=0)


def cluster_here(consumers: int) -> LocalCluster:
    """Start a scheduler and workers, on this machine and for it alone.

    A worker that is silent for `worker_ttl` is lost. The scheduler looks that
    often, but takes no less than ten heartbeats, which are five seconds.
    """
    return LocalCluster(
        n_workers=consumers,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"worker_ttl": "1s", "dashboard": False},
        silence_logs=logging.CRITICAL + 1,  # all of them
    )


# The rest prints, connects, ends, and reads the command line.

produced: list[int] = []
consumed_by: list[str] = []  # the process that sent the reply, for each


class ConsumeError(Exception):
    """An item could not be consumed."""


def put(line: str) -> None:
    try:
        # One write for each line, or lines of two processes can mix.
        print(f"{line}\n", end="", flush=True)
    except OSError:  # nobody reads it, or the disk is full
        # Python tries once more in the end to write what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def say(text: str, who: str = "") -> None:
    put(f"{text} now = {time.strftime('%H:%M:%S')}{who}")


def this_process() -> str:
    return f" process = {os.getpid()} host = {socket.gethostname()}"


def run(options: Options) -> None:
    """Run the producer, print the closing line; end with what went wrong."""
    failure = ""
    # What the workers are told below; Dask forgets it here while it closes.
    logging.disable()
    with ExitStack() as stack:
        # A terminal sends Ctrl-C to the workers, too, and they would complain.
        # What is started while it is held back never gets it.
        if sys.platform != "win32":
            resource_tracker.ensure_running()  # its start lets it through
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        cluster = options.scheduler or stack.enter_context(
            cluster_here(options.consumers)
        )
        if sys.platform != "win32":
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        try:
            client = stack.enter_context(Client(cluster, timeout="8s"))
            client.wait_for_workers(1, timeout=8)
        except OSError:
            sys.exit(f"no cluster with a worker at {cluster}")
        put("== cluster")
        start = time.perf_counter()
        try:
            producer(client, options)
        except ConsumeError as error:
            failure = f"cluster: {error}"
        except KeyboardInterrupt:
            # Dask would give a busy worker four seconds to come to an end.
            for worker in active_children():
                worker.kill()
            raise
        seconds = time.perf_counter() - start
    # All is closed, and no worker prints any more.
    put(
        f"== cluster: {seconds:.2f} s | workers {len(set(consumed_by))}"
        f" | produced {len(produced)} | consumed {len(consumed_by)}"
    )
    sys.exit(failure or None)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, value in Options()._asdict().items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(value), default=value)
    args = vars(parser.parse_args())
    item = args["items"]
    least = 1, 1, 1, 0, 0, 0, 0
    most = 1_000_000, 64, 1_000_000, 3600, item, item, item
    for name, low, high in zip(args, least, most, strict=False):
        if not low <= args[name] <= high:
            option = name.replace("_", "-")
            parser.error(f"argument --{option}: must be from {low} to {high}")
    if not re.fullmatch(r"(tcp://[^/]+:\d+)?", args["scheduler"]):
        parser.error("argument --scheduler: must be like tcp://127.0.0.1:8786")
    try:
        run(Options(**args))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit(f"cannot print: {error.strerror}")
        if error.errno != errno.EPIPE:  # `| head` has what it wants
            raise


if __name__ == "__main__":
    main()
