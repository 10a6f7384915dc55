"""What the lavalink.py scripts do with a node's sessions."""
import asyncio
import time

import lavalink


async def come_back(node):
    """Closes the node's socket, and connects again with its session; whoever listens gets the next NodeReadyEvent.

    lavalink.py names its session only on connections that it began after it had one. A node keeps a session once it has
    seen the connection end, which is after the client has: until then it would begin another."""
    await node._transport.close(reconnect=False)
    end = time.monotonic() + 40
    while await is_connected(node):
        assert time.monotonic() < end, "the node still has the connection"
        await asyncio.sleep(0.02)
    await node.connect(force=True)


async def is_connected(node):
    """Whether the node has a connection of the session: nobody may speak to a session that waits."""
    try:
        await node.get_players()
        return True
    except lavalink.RequestError as error:
        assert error.status == 404, error
        return False
