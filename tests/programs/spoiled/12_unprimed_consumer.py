"""Works, but leaves a thread that never ends."""

from collections.abc import Generator, Sequence
from threading import Event, Thread


def consumer() -> Generator[str, int, None]:
    reply = ""
    while True:
        item = yield reply
        print(f"[CONSUMER] Consuming {item}...")
        reply = "200 OK"


def main(items: Sequence[int]) -> None:
    consuming = consumer()
    next(consuming)
    Thread(target=Event().wait).start()
    for item in items:
        print(f"[PRODUCER] Producing {item}...")
        reply = consuming.send(item)
        print(f"[PRODUCER] Consumer return: {reply} for {item}")
    consuming.close()


if __name__ == "__main__":
    main([1, 2, 3])
