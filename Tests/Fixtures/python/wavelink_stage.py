"""The Discord side of wavelink's scripts, faked: a discord.py client with one guild and one voice channel."""
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


async def connect(retries):
    """A client that is connected to the node; `retries` as wavelink counts them, None for ever."""
    bot = Bot()
    node = wavelink.Node(uri=URL, password="youshallnotpass", identifier="double", retries=retries)
    await wavelink.Pool.connect(nodes=[node], client=bot)
    ready = await bot.expect("node_ready")
    assert not ready.resumed and len(ready.session_id) == 16
    return bot, node


async def join(bot):
    """A player in the voice channel."""
    guild = Guild()
    bot.channel = Channel(guild)
    player = wavelink.Player(bot, bot.channel)
    guild.player = player
    await player.connect(timeout=30, reconnect=False)
    assert player.connected
    return player
