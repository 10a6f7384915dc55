"""wavelink among the faults of the local node: a track that is stuck or fails, voice that closes, an error, a socket that
drops, a node that dies and comes back. Ends with `done`, or with the assertion that failed."""
import asyncio
import os
import time

import aiohttp
import wavelink

import wavelink_stage

CONTROL = os.environ["CONTROL_URL"]


async def main():
    async with aiohttp.ClientSession() as session:
        async def fault(kind, **more):
            async with session.post(f"{CONTROL}/control/faults", json={"target": "lavalink", "kind": kind, **more}) as response:
                assert response.status == 200, (kind, await response.text())

        bot, node = await wavelink_stage.connect(retries=None)
        tracks = await wavelink.Playable.search("endless", source=wavelink.TrackSource.YouTube)
        player = await wavelink_stage.join(bot)

        await player.play(tracks[0])
        await bot.expect("track_start")
        await fault("stuck")
        assert (await bot.expect("track_stuck")).threshold == 500
        await player.play(tracks[1])
        await bot.expect("track_start")
        await fault("exception")
        assert (await bot.expect("track_exception")).exception["message"]
        await player.play(tracks[2])
        await bot.expect("track_start")
        await fault("voice-closed", code=4006)
        closed = await bot.expect("websocket_closed")
        assert closed.code.value == 4006 and closed.by_remote, closed

        await fault("503")
        try:
            await node.fetch_stats()
            raise AssertionError("no 503")
        except wavelink.LavalinkException as error:
            assert error.status == 503, error.status
        await fault("load-errors")
        try:
            await wavelink.Playable.search("boats", source="ytsearch")
            raise AssertionError("no load error")
        except wavelink.LavalinkLoadException:
            pass

        await fault("drop")
        await bot.expect("node_ready")
        await fault("dead", ms=2500)
        started = time.monotonic()
        await bot.expect("node_ready")
        assert time.monotonic() - started >= 2
        await wavelink.Pool.close()
    print("done")


asyncio.run(asyncio.wait_for(main(), 120))
