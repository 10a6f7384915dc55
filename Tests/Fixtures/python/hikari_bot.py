"""A hikari bot at the local Discord: logs in, sees the guild, answers commands and components, edits, deletes, resumes.
Its stream is compressed as DISCORD_COMPRESSION says, a name of hikari's. What members do comes from the control API. Ends
with the line `done`, or with the assertion that failed."""
import asyncio
import base64
import functools
import os

import aiohttp
import hikari

URL = os.environ["DISCORD_URL"]
TOKEN = os.environ.get("DISCORD_TOKEN", "playground.iris")
COMPRESSION = hikari.api.GatewayCompression[os.environ.get("DISCORD_COMPRESSION", "TRANSPORT_ZSTD_STREAM")]
# GatewayBot has no setting for it.
hikari.impl.shard.GatewayShardImpl = functools.partial(hikari.impl.shard.GatewayShardImpl, compression=COMPRESSION)


class Control:
    def __init__(self, session):
        self.session = session

    async def post(self, path, **body):
        async with self.session.post(f"{URL}/control/{path}", json=body) as response:
            result = await response.json()
            assert response.status == 200, (path, body, result)
            return result

    async def get(self, path, **query):
        async with self.session.get(f"{URL}/control/{path}", params=query) as response:
            return await response.json()

    async def transcript(self, channel, content):
        for _ in range(600):
            for message in await self.get("transcript", channel=channel):
                if message["content"] == content:
                    return message
            await asyncio.sleep(0.05)
        raise AssertionError(f"no message {content!r} in {channel}")


async def expect(bot, kind, action, check=lambda event: True, timeout=30):
    waiter = asyncio.ensure_future(bot.wait_for(kind, timeout=timeout, predicate=check))
    await asyncio.sleep(0.05)
    await action
    return await waiter


async def guild_and_members(bot, guild_id):
    guild = bot.cache.get_guild(guild_id)
    assert guild.name == "Harbour"
    names = {channel.name for channel in guild.get_channels().values()}
    assert names >= {"general", "bot-commands", "mod-log", "Lounge", "Workshop", "Attic", "Cellar"}, names
    members = await bot.rest.fetch_members(guild)
    assert {m.username for m in members} >= {"alice", "bob", "carol", "dave", "mallory"}
    me = await bot.rest.fetch_my_user()
    assert me.is_bot and me.id == bot.get_me().id
    assert (await bot.rest.fetch_application()).id == me.id
    assert {r.name for r in await bot.rest.fetch_roles(guild)} >= {"@everyone", "Moderator", "Crew"}
    assert (await bot.rest.fetch_guild(guild)).owner_id == next(m.id for m in members if m.username == "alice")
    return {m.username: m for m in members}, {c.name: c for c in guild.get_channels().values()}


async def messages(bot, control, members, channels):
    event = await expect(bot, hikari.GuildMessageCreateEvent,
                         control.post("messages", channel="general", author="bob", content="hi @iris"),
                         lambda e: e.author.username == "bob")
    assert event.message.content == f"hi {bot.get_me().mention}", event.message.content
    assert bot.get_me().id in event.message.user_mentions_ids
    reply = await event.message.respond("hello", reply=True, mentions_reply=True)
    assert reply.referenced_message.id == event.message.id
    await reply.edit("hello again", embed=hikari.Embed(title="T", description="D").add_field("a", "b"))
    seen = await control.transcript("general", "hello again")
    assert seen["edits"] == 1 and seen["embeds"][0]["title"] == "T", seen
    await reply.add_reaction("👍")
    fetched = await bot.rest.fetch_message(reply.channel_id, reply.id)
    assert fetched.reactions[0].is_me and str(fetched.reactions[0].emoji) == "👍"
    history = await bot.rest.fetch_messages(reply.channel_id).limit(2)
    assert [m.id for m in history] == [reply.id, event.message.id]
    await expect(bot, hikari.GuildMessageDeleteEvent, reply.delete(), lambda e: e.message_id == reply.id)
    try:
        await bot.rest.create_message(channels["general"].id, "x" * 2001)
        raise AssertionError("accepted")
    except hikari.BadRequestError as error:
        assert error.code == 50035 and error.errors, error
    try:
        await bot.rest.edit_member(channels["general"].guild_id, members["alice"], nickname="x")
        raise AssertionError("renamed the owner")
    except hikari.ForbiddenError as error:
        assert error.code == 50013, error
    direct = await members["dave"].send("psst")
    assert direct.content == "psst"


async def interactions(bot, control, guild_id):
    app = bot.get_me().id
    built = [
        bot.rest.slash_command_builder("greet", "Greets").add_option(
            hikari.CommandOption(type=hikari.OptionType.USER, name="who", description="Whom", is_required=True)),
        bot.rest.slash_command_builder("slow", "Takes its time"),
    ]
    await bot.rest.set_application_commands(app, built, guild=guild_id)
    assert {c.name for c in await bot.rest.fetch_application_commands(app, guild=guild_id)} == {"greet", "slow"}

    async def use(command):
        event = await expect(bot, hikari.InteractionCreateEvent,
                             control.post("commands", channel="bot-commands", author="carol", command=command, bot="iris"))
        return event.interaction

    greet = await use("/greet who:bob")
    bob = next(iter(greet.resolved.members.values()))
    assert bob.username == "bob" and greet.member.username == "carol", greet
    assert greet.member.permissions & hikari.Permissions.MANAGE_MESSAGES
    row = bot.rest.build_message_action_row().add_interactive_button(hikari.ButtonStyle.PRIMARY, "again", label="Again")
    await greet.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "hi bob", component=row)
    shown = await control.transcript("bot-commands", "hi bob")
    try:
        await greet.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "twice")
        raise AssertionError("answered twice")
    except hikari.BadRequestError as error:
        assert error.code == 40060, error
    event = await expect(bot, hikari.InteractionCreateEvent,
                         control.post("components", message=shown["id"], author="bob", customId="again"))
    assert event.interaction.message.id == int(shown["id"])
    await event.interaction.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, "hi again", components=[])
    assert (await control.transcript("bot-commands", "hi again"))["components"] == []
    slow = await use("/slow")
    await slow.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
    await slow.edit_initial_response("finally")
    assert not (await control.transcript("bot-commands", "finally"))["loading"]
    more = await slow.execute("and more")
    await slow.delete_message(more)
    assert (await slow.fetch_initial_response()).content == "finally"


async def voice(bot, control, guild_id, channels):
    event = await expect(bot, hikari.VoiceStateUpdateEvent, control.post("voice", author="dave", channel="Workshop"))
    assert event.state.channel_id == channels["Workshop"].id and event.state.member.username == "dave"
    event = await expect(bot, hikari.VoiceServerUpdateEvent,
                         bot.update_voice_state(guild_id, channels["Workshop"].id, self_deaf=True))
    assert event.token and event.raw_endpoint
    states = bot.cache.get_voice_states_view_for_channel(guild_id, channels["Workshop"].id)
    assert len(states) == 2, states
    await expect(bot, hikari.VoiceStateUpdateEvent, bot.update_voice_state(guild_id, None),
                 lambda e: e.state.user_id == bot.get_me().id and e.state.channel_id is None)


async def faults(bot, control):
    for kind in ["drop", "reconnect"]:
        waiter = asyncio.ensure_future(bot.wait_for(hikari.ShardResumedEvent, timeout=30))
        heard = asyncio.ensure_future(bot.wait_for(
            hikari.GuildMessageCreateEvent, timeout=30, predicate=lambda e: e.content == f"during {kind}"))
        await asyncio.sleep(0.05)
        await control.post("faults", target="gateway", kind=kind, bot="iris")
        await control.post("messages", channel="general", author="bob", content=f"during {kind}")
        await asyncio.gather(waiter, heard)
    calls = await control.get("calls", since="0")
    unknown = [call["path"] for call in calls if not call["route"]]
    assert not unknown, unknown


async def main():
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{URL}/api/v10/users/@me", headers={"Authorization": f"Bot {TOKEN}"}) as response:
            # hikari reads the application's id out of the token.
            token = base64.b64encode((await response.json())["id"].encode()).decode() + "." + TOKEN
    bot = hikari.GatewayBot(token=token, intents=hikari.Intents.ALL, banner=None, rest_url=f"{URL}/api/v10",
                            logs={"version": 1, "incremental": True, "loggers": {"hikari": {"level": "WARNING"}}})
    available = asyncio.Event()
    guilds = []

    @bot.listen()
    async def joined(event: hikari.GuildAvailableEvent):
        guilds.append(event.guild_id)
        available.set()

    await bot.start(check_for_updates=False)
    await asyncio.wait_for(available.wait(), 20)
    async with aiohttp.ClientSession() as session:
        control = Control(session)
        compress = {"TRANSPORT_ZSTD_STREAM": "zstd-stream", "TRANSPORT_ZLIB_STREAM": "zlib-stream"}[COMPRESSION.name]
        assert {"bot": "iris", "compress": compress} in await control.get("connections")
        members, channels = await guild_and_members(bot, guilds[0])
        await messages(bot, control, members, channels)
        await interactions(bot, control, guilds[0])
        await voice(bot, control, guilds[0], channels)
        await faults(bot, control)
    await bot.close()
    print("done")


asyncio.run(asyncio.wait_for(main(), 120))
