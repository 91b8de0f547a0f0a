"""A producer sends items to a consumer, a generator that yields its replies.

Repaired: `next` runs the consumer up to its first `yield`, where it can
receive an item.
"""

from collections.abc import Generator, Sequence


def consumer() -> Generator[str, int, None]:
    reply = ""
    while True:
        item = yield reply
        print(f"[CONSUMER] Consuming {item}...")
        reply = "200 OK"


def main(items: Sequence[int]) -> None:
    consuming = consumer()
    next(consuming)
    for item in items:
        print(f"[PRODUCER] Producing {item}...")
        reply = consuming.send(item)
        print(f"[PRODUCER] Consumer return: {reply} for {item}")
    consuming.close()


if __name__ == "__main__":
    main([1, 2, 3])
