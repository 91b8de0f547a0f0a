"""A thousand pages from a server that bears ten requests at a time.

Repaired: a semaphore has ten places. A request takes one, or waits until one
is free.
"""

import asyncio


class Server:
    """Stands for one far away: its limit is not yours to change."""

    requests = most = pages = 0

    async def page(self) -> None:
        self.requests += 1
        self.most = max(self.most, self.requests)
        try:
            if self.requests > 10:
                raise ConnectionError(f"{self.requests} requests at once")
            await asyncio.sleep(0.01)
            self.pages += 1
        finally:
            self.requests -= 1


async def main(pages: int) -> None:
    server = Server()
    places = asyncio.Semaphore(10)

    async def page() -> None:
        async with places:
            await server.page()

    await asyncio.gather(*[page() for _ in range(pages)])
    print(f"Pages: {server.pages}, at most {server.most} at once")


if __name__ == "__main__":
    asyncio.run(main(1000))
