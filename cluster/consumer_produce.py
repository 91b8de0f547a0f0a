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

On a cluster that runs already, each line in a terminal of its own:

    dask scheduler --host 127.0.0.1 --dashboard-address 127.0.0.1:8787
    dask worker tcp://127.0.0.1:8786 --nworkers 2 --nthreads 1
    python cluster/consumer_produce.py --scheduler tcp://127.0.0.1:8786
"""

import argparse
import logging
import multiprocessing
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing import resource_tracker
from typing import NamedTuple

try:
    import psutil
    from distributed import Client, Event, LocalCluster, as_completed
except ModuleNotFoundError as error:
    sys.exit(f"{error}: python -m pip install -r cluster/requirements.txt")


class Options(NamedTuple):
    """What the command line can change."""

    items: int = 5
    consumers: int = 2
    queue_size: int = 2
    seconds: float = 1.0  # that consuming an item takes
    fail_on: int = 0  # the item that cannot be consumed
    kill_on: int = 0  # the item whose consumer is killed, once
    freeze_on: int = 0  # the item whose consumer is suspended, once
    scheduler: str = ""  # the address of a cluster that runs already


class ConsumeError(Exception):
    """An item that could not be consumed, and why."""


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
            item, reply, process = next(futures).result()
            consumed.append(item)
            processes.add(process)
            say(f"[PRODUCER] Consumer return: {reply} for {item}")

    for item in range(1, options.items + 1):
        produced.append(item)
        say(f"[PRODUCER] Producing {item}...", this_process())
        take_replies(left=room - 1)  # waits while there is no room
        futures.add(client.submit(consume, item, options, Event(), pure=False))
        say(f"[PRODUCER] Queued {item}")
    take_replies(left=0)


@contextmanager
def cluster_here(consumers: int) -> Iterator[LocalCluster]:
    """Start a scheduler and workers on this machine, and end them all.

    A worker that is silent for `worker_ttl` is lost. The scheduler looks that
    often, but takes no less than ten heartbeats, which are five seconds.
    """
    hold_ctrl_c(True)
    cluster = LocalCluster(
        n_workers=consumers,
        threads_per_worker=1,
        scheduler_kwargs={"worker_ttl": "1s", **NO_DASHBOARD},
        death_timeout=30,  # seconds to start in: a slow machine is no failure
        silence_logs=logging.CRITICAL,
    )
    try:
        hold_ctrl_c(False)
        yield cluster
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for nanny in cluster.workers.values():
            nanny.close_gracefully()  # or it would start its worker again
        for worker in multiprocessing.active_children():
            worker.kill()  # also one that is busy, or frozen
        cluster.close()


# The rest connects, prints, and reads the command line.

NO_DASHBOARD = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}

produced: list[int] = []
consumed: list[int] = []
processes: set[str] = set()  # those that have replied


def say(text: str, process: str = "") -> None:
    """Print a line whole: print() writes its end apart, others get between."""
    now = time.strftime("%H:%M:%S")
    print(f"{text} now = {now}{process}\n", end="", flush=True)


def this_process() -> str:
    return f" process = {os.getpid()} host = {socket.gethostname()}"


def hold_ctrl_c(hold: bool) -> None:
    """Keep Ctrl-C from this thread, and for good from what it starts.

    A terminal sends it to every process, and the workers would complain.
    """
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        resource_tracker.ensure_running()  # when it starts, it lets go
        how = signal.SIG_BLOCK if hold else signal.SIG_UNBLOCK
        signal.pthread_sigmask(how, {signal.SIGINT})


def connect(cluster: LocalCluster | str) -> Client:
    """Return a client when the cluster has a worker, or end in eight seconds.

    Dask alone waits for ever where a server of another kind takes the call.
    """

    def give_up() -> None:
        print(f"no cluster with a worker at {cluster}", file=sys.stderr)
        os._exit(1)

    timer = threading.Timer(8, give_up)
    timer.daemon = True
    timer.start()
    client = Client(cluster)
    client.wait_for_workers(1)
    timer.cancel()
    return client


def options_from_command_line() -> Options:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, value in Options()._asdict().items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(value), default=value)
    options = Options(**vars(parser.parse_args()))
    told = (options.fail_on, options.kill_on, options.freeze_on)
    if min(options[:3]) < 1 or options.consumers > 64:
        parser.error(
            "--items, --consumers and --queue-size start at 1,"
            " and --consumers ends at 64"
        )
    if not 0 <= options.seconds <= 3600:
        parser.error("--seconds must be from 0 to 3600")
    if min(told) < 0 or max(told) > options.items:
        parser.error("--fail-on, --kill-on and --freeze-on take an item")
    if not re.fullmatch(r"(tcp://[^/]+:\d+)?", options.scheduler):
        parser.error("--scheduler must be like tcp://127.0.0.1:8786")
    if options.scheduler and options.consumers != Options().consumers:
        parser.error("--consumers: with --scheduler, the cluster decides")
    return options


def main() -> None:
    options = options_from_command_line()
    logging.disable()  # Dask tells of every worker that it loses
    cluster = options.scheduler
    here = nullcontext(cluster) if cluster else cluster_here(options.consumers)
    status = 0
    try:
        with here as cluster, connect(cluster) as client:
            print("== cluster", flush=True)
            start = time.perf_counter()
            try:
                producer(client, options)
            except ConsumeError as error:
                print(error, file=sys.stderr)
                status = 1
            seconds = time.perf_counter() - start
        print(
            f"== cluster: {seconds:.2f} s | workers {len(processes)}"
            f" | produced {len(produced)} | consumed {len(consumed)}",
            flush=True,
        )
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        status = 0  # `| head` has what it wants
    except Exception as error:  # Dask has many kinds
        message = f"the cluster failed: {type(error).__name__}: {error}"
        print(" ".join(message.split()), file=sys.stderr)
        status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()
