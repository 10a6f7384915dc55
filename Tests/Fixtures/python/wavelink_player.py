"""Plays music by wavelink, with a discord.py client whose Discord side is faked: connects, searches, plays, hears events."""
import asyncio

import wavelink

import wavelink_stage
from wavelink_stage import GUILD


async def main():
    bot, node = await wavelink_stage.connect(retries=0)
    info = await node.fetch_info()
    assert "youtube" in info.source_managers, info
    assert await node.fetch_version() == "4.2.2"
    await node.fetch_stats()

    tracks = await wavelink.Playable.search("midnight ferry", source=wavelink.TrackSource.YouTube)
    assert tracks[0].title == "Midnight Ferry" and tracks[0].length == 2000, tracks[0].raw_data
    playlist = await wavelink.Playable.search("https://www.youtube.com/playlist?list=PLtest")
    assert isinstance(playlist, wavelink.Playlist) and playlist.tracks
    try:
        await wavelink.Playable.search("load error", source="ytsearch")
        raise AssertionError("no load error")
    except wavelink.LavalinkLoadException as error:
        assert error.severity == "common", error

    player = await wavelink_stage.join(bot)
    player.autoplay = wavelink.AutoPlayMode.partial
    await player.queue.put_wait([tracks[0], tracks[1]])
    await player.play(player.queue.get())
    await bot.expect("track_start", lambda payload: payload.track.title == tracks[0].title)
    ended = await bot.expect("track_end")
    assert ended.reason == "finished", ended.reason
    await bot.expect("track_start", lambda payload: payload.track.title == tracks[1].title)
    await player.pause(True)
    await player.set_volume(30)
    filters = player.filters
    filters.timescale.set(speed=1.5)
    await player.set_filters(filters)
    state = await node.fetch_player_info(GUILD)
    assert state.paused and state.volume == 30, state
    await player.pause(False)
    await player.skip(force=True)
    await bot.expect("track_end", lambda payload: payload.reason in ("replaced", "stopped"))
    await player.play((await wavelink.Playable.search("stuck", source="ytsearch"))[0])
    stuck = await bot.expect("track_stuck")
    assert stuck.threshold == 500, stuck.threshold
    await player.disconnect()
    assert await node.fetch_players() == []
    await wavelink.Pool.close()
    print("done")


asyncio.run(main())
