"""A producer sends items to a consumer, a generator that yields its replies.

It should:   hand over one item after another, and get a reply for each.
Instead:     Python refuses to send the first item.
Read again:  chapter 3, `yield` in consumer_produce.py.
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
    for item in items:
        print(f"[PRODUCER] Producing {item}...")
        reply = consuming.send(item)
        print(f"[PRODUCER] Consumer return: {reply} for {item}")
    consuming.close()


if __name__ == "__main__":
    main([1, 2, 3])
