"""None may be sent to a generator that has just been made."""

from collections.abc import Generator, Sequence


def consumer() -> Generator[str, int, None]:
    reply = ""
    while True:
        item = yield reply
        print(f"[CONSUMER] Consuming {item}...")
        reply = "200 OK"


def main(items: Sequence[int]) -> None:
    consuming = consumer()
    consuming.send(None)  # type: ignore[arg-type]
    for item in items:
        print(f"[PRODUCER] Producing {item}...")
        reply = consuming.send(item)
        print(f"[PRODUCER] Consumer return: {reply} for {item}")
    consuming.close()


if __name__ == "__main__":
    main([1, 2, 3])
