"""To wait, in a running loop, for what is done beside it."""

import asyncio


async def later(condition):
    """Until something holds."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")
