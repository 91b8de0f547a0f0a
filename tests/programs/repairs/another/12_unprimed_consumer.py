"""A decorator that primes."""

from collections.abc import Callable, Generator, Sequence

Type = Generator[str, int, None]


def primed(make: Callable[[], Type]) -> Callable[[], Type]:
    def start() -> Type:
        generator = make()
        next(generator)
        return generator

    return start


@primed
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
