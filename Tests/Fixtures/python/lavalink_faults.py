"""lavalink.py among the faults of the local node: it sees tracks that are stuck or fail, voice that closes, errors,
sessions that are lost, and a node that dies and comes back. Ends with `done`, or with the assertion that failed."""
import asyncio
import os
import time

import aiohttp
import lavalink

from lavalink_sessions import come_back

CONTROL = os.environ["CONTROL_URL"]
HOST, PORT = os.environ["LAVALINK_HOST"], int(os.environ["LAVALINK_PORT"])
USER, GUILD, CHANNEL = 1111, 81384788765712384, 2222
seen = []


class Listener:
    @lavalink.listener()
    async def everything(self, event: lavalink.Event):
        seen.append(event)


async def wait(kind, limit=40):
    end = time.monotonic() + limit
    while not any(isinstance(event, kind) for event in seen):
        assert time.monotonic() < end, (kind, seen)
        await asyncio.sleep(0.02)
    found = next(event for event in seen if isinstance(event, kind))
    seen.clear()
    return found


async def main():
    async with aiohttp.ClientSession() as session:
        async def fault(kind, **more):
            async with session.post(f"{CONTROL}/control/faults", json={"target": "lavalink", "kind": kind, **more}) as response:
                assert response.status == 200, (kind, await response.text())
                return (await response.json())["id"]

        client = lavalink.Client(USER)
        client.add_event_hooks(Listener())
        node = client.add_node(HOST, PORT, "youshallnotpass", "eu", "double")
        await wait(lavalink.NodeReadyEvent)
        tracks = (await client.get_tracks("ytsearch:endless", node)).tracks
        player = client.player_manager.create(GUILD, node=node)

        async def play():
            await client.voice_update_handler({
                "t": "VOICE_STATE_UPDATE",
                "d": {"guild_id": str(GUILD), "user_id": str(USER), "channel_id": str(CHANNEL), "session_id": "session"}})
            await client.voice_update_handler({
                "t": "VOICE_SERVER_UPDATE",
                "d": {"guild_id": str(GUILD), "token": str(time.monotonic()), "endpoint": "voice.test:443"}})
            seen.clear()
            await player.play(tracks[0])
            await wait(lavalink.TrackStartEvent)

        await play()
        await fault("stuck")
        assert (await wait(lavalink.TrackStuckEvent)).threshold == 500
        await play()
        await fault("exception")
        assert (await wait(lavalink.TrackExceptionEvent)).message
        await play()
        await fault("voice-closed", code=4014)
        closed = await wait(lavalink.WebSocketClosedEvent)
        assert closed.code == 4014 and closed.by_remote, closed

        for status in ("500", "502", "503"):
            await fault(status)
            try:
                await node.get_stats()
                raise AssertionError(f"no {status}")
            except lavalink.RequestError as error:
                assert str(error.status) == status, error.status
        await node.get_stats()
        await fault("delay", ms=600)
        started = time.monotonic()
        await node.get_stats()
        assert time.monotonic() - started >= 0.6
        await fault("load-errors")
        assert (await client.get_tracks("ytsearch:boats", node)).load_type == lavalink.LoadType.ERROR
        assert (await client.get_tracks("ytsearch:boats", node)).load_type == lavalink.LoadType.SEARCH

        # A session that resumes is there after a drop, and gone when it is lost.
        await node.update_session(resuming=True, timeout=60)
        seen.clear()
        await come_back(node)
        assert (await wait(lavalink.NodeReadyEvent)).resumed
        await fault("drop")
        assert (await wait(lavalink.NodeReadyEvent)).resumed
        await fault("session-lost")
        assert not (await wait(lavalink.NodeReadyEvent)).resumed

        # Dead, and back later.
        await fault("dead", ms=3000)
        started = time.monotonic()
        await wait(lavalink.NodeDisconnectedEvent)
        try:
            async with session.get(f"http://{HOST}:{PORT}/version", headers={"Authorization": "youshallnotpass"}) as response:
                raise AssertionError(f"a dead node answered {response.status}")
        except aiohttp.ClientError:
            pass
        await wait(lavalink.NodeReadyEvent)
        assert time.monotonic() - started >= 2.5
        await client.close()
    print("done")


asyncio.run(asyncio.wait_for(main(), 120))
