"""Leave a session open, as question 25 explains.

python docs/unclosed_session.py
"""

import asyncio

from aiohttp import ClientSession


async def main() -> None:
    ClientSession()


asyncio.run(main())
