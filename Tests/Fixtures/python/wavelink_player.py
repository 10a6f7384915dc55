"""Plays music by wavelink, with a discord.py client whose Discord side is faked: connects, searches, plays, hears events."""
import asyncio
import os

import discord
import wavelink

URL = os.environ["LAVALINK_URL"]
USER, GUILD, CHANNEL = 1111, 81384788765712384, 2222


class User:
    id = USER


class Channel(discord.abc.Connectable):
    id = CHANNEL

    def __init__(self, guild):
        self.guild = guild
        self.members = []


    def _get_voice_client_key(self):
        return self.guild.id, "guild_id"

    def _get_voice_state_pair(self):
        return self.guild.id, self.id


class Guild:
    id = GUILD
    unavailable = False

    def __init__(self):
        self.player = None

    async def change_voice_state(self, *, channel, self_mute=False, self_deaf=False):
        if self.player is None or channel is None:
            return
        await self.player.on_voice_state_update(
            {"channel_id": str(channel.id), "session_id": "session", "guild_id": str(GUILD)})
        await self.player.on_voice_server_update({"token": "token", "endpoint": "voice.test:443", "guild_id": str(GUILD)})


class Bot(discord.Client):
    def __init__(self):
        super().__init__(intents=discord.Intents.none())
        self.events = asyncio.Queue()
        self.channel = None

    @property
    def user(self):
        return User()

    def dispatch(self, event, *arguments, **named):
        self.events.put_nowait((event, arguments))

    def get_channel(self, identifier):
        return self.channel if identifier == CHANNEL else None

    async def expect(self, name, check=lambda payload: True):
        async def search():
            while True:
                event, arguments = await self.events.get()
                if event == f"wavelink_{name}" and (not arguments or check(arguments[0])):
                    return arguments[0] if arguments else None

        return await asyncio.wait_for(search(), 30)


async def main():
    bot = Bot()
    node = wavelink.Node(uri=URL, password="youshallnotpass", identifier="double", retries=0)
    await wavelink.Pool.connect(nodes=[node], client=bot)
    ready = await bot.expect("node_ready")
    assert not ready.resumed and len(ready.session_id) == 16
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

    guild = Guild()
    bot.channel = Channel(guild)
    player = wavelink.Player(bot, bot.channel)
    guild.player = player
    await player.connect(timeout=30, reconnect=False)
    assert player.connected
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
