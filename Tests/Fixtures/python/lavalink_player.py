"""Plays music by lavalink.py: connects, searches, decodes, plays, hears events, resumes nothing, stops."""
import asyncio
import os

import aiohttp
import lavalink

from lavalink_sessions import come_back

HOST, PORT = os.environ["LAVALINK_HOST"], int(os.environ["LAVALINK_PORT"])
USER, GUILD, CHANNEL = 1111, 81384788765712384, 2222
seen = []
arrived = asyncio.Condition()


class Listener:
    @lavalink.listener()
    async def everything(self, event: lavalink.Event):
        async with arrived:
            seen.append(event)
            arrived.notify_all()


async def wait(kind, check=lambda event: True):
    async with arrived:
        await asyncio.wait_for(
            arrived.wait_for(lambda: any(isinstance(event, kind) and check(event) for event in seen)), 30)
        event = next(event for event in seen if isinstance(event, kind) and check(event))
        seen.clear()
        return event


async def main():
    client = lavalink.Client(USER)
    client.add_event_hooks(Listener())
    node = client.add_node(HOST, PORT, "youshallnotpass", "eu", "double")
    await wait(lavalink.NodeReadyEvent)

    assert await node.get_version() == "4.2.2"
    info = await node.get_info()
    assert "youtube" in info["sourceManagers"], info
    await node.get_stats()

    result = await client.get_tracks("ytsearch:midnight ferry & co", node)
    assert result.load_type == lavalink.LoadType.SEARCH and len(result.tracks) == 10, result
    track = result.tracks[0]
    assert track.title == "Midnight Ferry", track.title
    local = lavalink.decode_track(track.track)
    assert (local.title, local.author, local.identifier, local.duration, local.uri, local.artwork_url) == (
        track.title, track.author, track.identifier, track.duration, track.uri, track.artwork_url), local.raw
    remote = await client.decode_track(track.track, node)
    assert remote.title == track.title
    both = await client.decode_tracks([entry.track for entry in result.tracks[:2]], node)
    assert [entry.title for entry in both] == [entry.title for entry in result.tracks[:2]]
    playlist = await client.get_tracks("https://www.youtube.com/playlist?list=PLtest", node)
    assert playlist.load_type == lavalink.LoadType.PLAYLIST and playlist.tracks
    assert (await client.get_tracks("ytsearch:nothing", node)).load_type == lavalink.LoadType.EMPTY
    broken = await client.get_tracks("ytsearch:load error", node)
    assert broken.load_type == lavalink.LoadType.ERROR and broken.error.message, broken

    player = client.player_manager.create(GUILD, node=node)
    await client.voice_update_handler({
        "t": "VOICE_STATE_UPDATE",
        "d": {"guild_id": str(GUILD), "user_id": str(USER), "channel_id": str(CHANNEL), "session_id": "session"},
    })
    await client.voice_update_handler({
        "t": "VOICE_SERVER_UPDATE", "d": {"guild_id": str(GUILD), "token": "token", "endpoint": "voice.test:443"}})
    player.add(track, requester=5)
    player.add(result.tracks[1], requester=5)
    await player.play()
    await wait(lavalink.TrackStartEvent, lambda event: event.track.title == track.title)
    # The tracks are two seconds long: the library starts the next one when the first has ended.
    await wait(lavalink.TrackStartEvent, lambda event: event.track.title == result.tracks[1].title)
    await wait(lavalink.QueueEndEvent)

    await player.play(playlist.tracks[0])
    await wait(lavalink.TrackStartEvent)
    await player.set_pause(True)
    await player.set_volume(40)
    await player.seek(1000)
    await player.set_filter(lavalink.Timescale(speed=1.2))
    await wait(lavalink.PlayerUpdateEvent)
    state = await node.get_player(GUILD)
    assert state["paused"] and state["volume"] == 40 and state["state"]["position"] == 1000, state
    assert state["filters"]["timescale"]["speed"] == 1.2, state
    await player.set_pause(False)
    await player.stop()
    await player.play((await client.get_tracks("ytsearch:broken", node)).tracks[0])
    exception = await wait(lavalink.TrackExceptionEvent)
    assert exception.message, exception

    session = await node.update_session(resuming=True, timeout=30)
    assert session["resuming"] and session["timeout"] == 30, session
    before = node.session_id
    await come_back(node)
    ready = await wait(lavalink.NodeReadyEvent)
    assert ready.resumed and ready.session_id == before, (ready.resumed, ready.session_id, before)

    # The handshake tells the same in a header, and refuses a wrong password.
    async with aiohttp.ClientSession() as session:
        address = f"http://{HOST}:{PORT}/v4/websocket"
        async with session.ws_connect(address, headers={"Authorization": "youshallnotpass", "User-Id": "5"}) as socket:
            assert socket._response.headers["Session-Resumed"] == "false", socket._response.headers
            assert (await socket.receive_json())["op"] == "ready"

        try:
            await session.ws_connect(address, headers={"Authorization": "wrong", "User-Id": "5"})
            raise AssertionError("took a wrong password")
        except aiohttp.WSServerHandshakeError as error:
            assert error.status == 401, error.status

    await client.player_manager.destroy(GUILD)
    assert await node.get_players() == []
    await client.close()
    print("done")


asyncio.run(main())
