"""Test a coroutine with pytest alone, as question 27 explains.

python -m pytest docs/hello_is_tested.py
"""

import asyncio


async def hello(name: str) -> str:
    await asyncio.sleep(0.01)
    return f"Hello {name}"


def test_hello() -> None:
    """Many hellos at once, and not for ever."""

    async def hellos() -> list[str]:
        async with asyncio.timeout(5):
            return await asyncio.gather(*map(hello, "abc"))

    assert asyncio.run(hellos()) == ["Hello a", "Hello b", "Hello c"]
