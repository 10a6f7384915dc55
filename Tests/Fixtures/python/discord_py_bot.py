"""A discord.py bot at the local Discord: logs in, sees the guild, answers commands, moderates, resumes. What members do
comes from the control API. Ends with the line `done`, or with the assertion that failed."""
import asyncio
import os

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands

URL = os.environ["DISCORD_URL"]
TOKEN = os.environ.get("DISCORD_TOKEN", "playground.rainbow")
discord.http.Route.BASE = f"{URL}/api/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(URL.replace("http://", "ws://"))


class Bot(commands.Bot):
    def __init__(self):
        super().__init__(command_prefix="!", intents=discord.Intents.all(), help_command=None)
        self.waiting = []
        self.http_session = None

    async def setup_hook(self):
        self.http_session = aiohttp.ClientSession()

    async def close(self):
        if self.http_session:
            await self.http_session.close()
        await super().close()

    async def control(self, path, **body):
        async with self.http_session.post(f"{URL}/control/{path}", json=body) as response:
            result = await response.json()
            assert response.status == 200, (path, body, result)
            return result

    async def refused(self, path, **body):
        async with self.http_session.post(f"{URL}/control/{path}", json=body) as response:
            assert response.status == 400, (path, body, response.status)
            return (await response.json())["error"]

    async def look(self, path, **query):
        async with self.http_session.get(f"{URL}/control/{path}", params=query) as response:
            assert response.status == 200, (path, await response.text())
            return await response.json()

    async def expect(self, event, check=lambda *_: True, timeout=30):
        return await self.wait_for(event, check=check, timeout=timeout)

    async def message_after(self, action, check=lambda message: True):
        waiter = asyncio.ensure_future(self.expect("message", check))
        await asyncio.sleep(0)
        await action
        return await waiter


class Panel(discord.ui.View):
    def __init__(self):
        super().__init__(timeout=30)
        self.pressed = asyncio.get_running_loop().create_future()

    @discord.ui.button(label="Press", custom_id="press", style=discord.ButtonStyle.primary)
    async def press(self, interaction, button):
        button.disabled = True
        await interaction.response.edit_message(content="pressed", view=self)
        self.pressed.set_result(interaction.user.name)

    @discord.ui.select(custom_id="choose", options=[discord.SelectOption(label="A", value="a"),
                                                   discord.SelectOption(label="B", value="b")])
    async def choose(self, interaction, select):
        await interaction.response.send_message(f"chose {select.values[0]}", ephemeral=True)


class Form(discord.ui.Modal, title="Form"):
    name = discord.ui.TextInput(label="Name", custom_id="name")

    async def on_submit(self, interaction):
        await interaction.response.send_message(f"hello {self.name.value}")


def add_commands(bot):
    # The library knows of a view or a modal when its own call has returned, later than a member sees it.
    bot.done = set()

    @bot.tree.command(description="Says it back")
    @app_commands.describe(text="What to say", member="To whom")
    async def echo(interaction: discord.Interaction, text: str, member: discord.Member = None):
        await interaction.response.send_message(f"{text} {member.name if member else '-'}")
        bot.original = await interaction.original_response()
        await interaction.edit_original_response(content=f"{text} edited")
        bot.follow = await interaction.followup.send("more", wait=True)
        bot.done.add("echo")

    @bot.tree.command(description="Thinks first")
    async def think(interaction: discord.Interaction, number: app_commands.Range[int, 1, 10]):
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(f"thought {number}")

    @bot.tree.command(description="Shows a panel")
    async def panel(interaction: discord.Interaction):
        bot.panel = Panel()
        await interaction.response.send_message("panel", view=bot.panel)
        bot.done.add("panel")

    @bot.tree.command(description="Opens a form")
    async def form(interaction: discord.Interaction):
        await interaction.response.send_modal(Form())
        bot.done.add("form")

    @bot.tree.command(description="Completes")
    async def fruit(interaction: discord.Interaction, name: str):
        await interaction.response.send_message(name)

    @fruit.autocomplete("name")
    async def complete(interaction, current):
        return [app_commands.Choice(name=n, value=n) for n in ["apple", "avocado", "pear"] if n.startswith(current)]

    group = app_commands.Group(name="words", description="Words")

    @group.command(description="Adds a word")
    async def add(interaction: discord.Interaction, word: str):
        await interaction.response.send_message(f"added {word}")

    bot.tree.add_command(group)


async def finished(bot, command):
    for _ in range(200):
        if command in bot.done:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{command} has not come to its end")


async def transcript(bot, channel, content):
    for _ in range(600):
        for message in await bot.look("transcript", channel=channel):
            if message["content"] == content:
                return message
        await asyncio.sleep(0.05)
    raise AssertionError(f"no message {content!r} in {channel}: {await bot.look('transcript', channel=channel)}")


async def guild_and_members(bot):
    assert [guild.name for guild in bot.guilds] == ["Harbour"], bot.guilds
    guild = bot.guilds[0]
    assert {c.name for c in guild.text_channels} >= {"general", "bot-commands", "mod-log"}
    assert {c.name for c in guild.voice_channels} == {"Lounge", "Workshop", "Attic", "Cellar"}
    names = {member.name for member in guild.members}
    assert names >= {"alice", "bob", "carol", "dave", "mallory"}, names
    assert guild.owner.name == "alice" and guild.me.id == bot.user.id
    assert guild.me.guild_permissions.manage_messages and not guild.me.guild_permissions.administrator
    assert guild.me.top_role.is_bot_managed() and guild.me.top_role < discord.utils.get(guild.roles, name="Moderator")
    fetched = await bot.fetch_guild(guild.id)
    assert fetched.approximate_member_count == guild.member_count
    assert len(await guild.fetch_channels()) == len(guild.channels)
    assert len(await guild.fetch_roles()) == len(guild.roles)
    assert [m.name async for m in guild.fetch_members(limit=3)] != []
    assert (await guild.fetch_member(guild.owner.id)).name == "alice"
    assert (await guild.query_members("car"))[0].name == "carol"
    info = await bot.application_info()
    assert info.id == bot.application_id and info.flags.gateway_message_content_limited
    return guild


async def messages(bot, guild):
    general = discord.utils.get(guild.text_channels, name="general")
    got = await bot.message_after(bot.control("messages", channel="general", author="bob", content="hi @Rainbow"),
                                  lambda m: m.author.name == "bob")
    assert got.content == f"hi {bot.user.mention}" and bot.user in got.mentions, got.content
    reply = await got.reply("hello **you**")
    assert reply.reference.message_id == got.id and reply.mentions[0].name == "bob"
    await reply.edit(content="hello again")
    seen = await transcript(bot, "general", "hello again")
    assert seen["edits"] == 1 and seen["author"] == "Rainbow" and seen["replyTo"] == str(got.id), seen
    assert (await general.fetch_message(reply.id)).content == "hello again"
    await reply.add_reaction("👍")
    assert (await general.fetch_message(reply.id)).reactions[0].me
    await reply.remove_reaction("👍", guild.me)
    await reply.pin()
    assert [m.id async for m in general.pins()] == [reply.id]
    await reply.unpin()
    async with general.typing():
        pass
    embed = discord.Embed(title="Title", description="Text", colour=0x123456, timestamp=discord.utils.utcnow())
    embed.add_field(name="a", value="b").set_footer(text="foot").set_author(name="me")
    sent = await general.send(embed=embed, file=discord.File(__file__, "code.py"), nonce="same", silent=True)
    assert sent.attachments[0].filename == "code.py" and sent.embeds[0].fields[0].name == "a"
    first = await bot.http.request(
        discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=general.id),
        json={"content": "once", "nonce": "n1", "enforce_nonce": True})
    second = await bot.http.request(
        discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=general.id),
        json={"content": "once", "nonce": "n1", "enforce_nonce": True})
    assert first["id"] == second["id"]
    history = [m async for m in general.history(limit=5)]
    assert history[0].id == int(first["id"]) and len(history) == 5
    for content, code in [("x" * 2001, 50035), ("", 50006)]:
        try:
            await general.send(content)
            raise AssertionError("accepted")
        except discord.HTTPException as error:
            assert error.code == code, error
    try:
        await got.edit(content="mine")
        raise AssertionError("edited another's message")
    except discord.Forbidden as error:
        assert error.code == 50005
    deleted = asyncio.ensure_future(bot.expect("message_delete", lambda m: m.id == got.id))
    await asyncio.sleep(0)
    await got.delete()
    assert (await deleted).content == got.content
    victims = [await general.send(f"bulk {n}") for n in range(3)]
    await general.delete_messages(victims)
    assert not [m async for m in general.history(limit=10) if m.content.startswith("bulk")]
    direct = await guild.get_member_named("bob").send("psst")
    answer = await bot.message_after(bot.control("messages", channel="dm:Rainbow", author="bob", content="yes?"),
                                     lambda m: m.guild is None and m.author.name == "bob")
    assert answer.content == "yes?" and answer.channel.id == direct.channel.id


async def interactions(bot, guild):
    assert len(await bot.tree.sync()) == 6
    bot.tree.copy_global_to(guild=guild)
    assert len(await bot.tree.sync(guild=guild)) == 6
    assert {c.name for c in await bot.tree.fetch_commands()} >= {"echo", "think", "panel"}

    async def use(command, author="bob"):
        return await bot.control("commands", channel="bot-commands", author=author, command=command)

    await use("/echo text:good day member:carol")
    await transcript(bot, "bot-commands", "more")
    edited = await transcript(bot, "bot-commands", "good day edited")
    assert edited["edits"] == 1 and edited["interaction"]["name"] == "echo", edited
    await finished(bot, "echo")
    await bot.follow.delete()
    await use("/think number:7")
    thought = await transcript(bot, "bot-commands", "thought 7")
    assert thought["ephemeral"] and thought["visibleTo"] == "bob" and not thought["loading"], thought
    assert "missing" in await bot.refused("commands", channel="bot-commands", author="bob", command="/echo")
    assert "above" in await bot.refused("commands", channel="bot-commands", author="bob", command="/think number:11")
    await use("/words add word:zap")
    await transcript(bot, "bot-commands", "added zap")
    await use("/panel")
    shown = await transcript(bot, "bot-commands", "panel")
    await finished(bot, "panel")
    await bot.control("components", message=shown["id"], author="dave", customId="choose", values=["b"])
    assert (await transcript(bot, "bot-commands", "chose b"))["visibleTo"] == "dave"
    await bot.control("components", message=shown["id"], author="carol", customId="press")
    assert await asyncio.wait_for(bot.panel.pressed, 30) == "carol"
    assert (await transcript(bot, "bot-commands", "pressed"))["id"] == shown["id"]
    assert "disabled" in await bot.refused("components", message=shown["id"], author="bob", customId="press")
    opened = await use("/form")
    for _ in range(600):
        state = (await bot.look("interactions", id=opened["id"]))[0]
        if state["modal"]:
            break
        await asyncio.sleep(0.05)
    await finished(bot, "form")
    await bot.control("modals", interaction=opened["id"], author="bob", fields={"name": "Bob"})
    await transcript(bot, "bot-commands", "hello Bob")
    completed = await bot.control("autocomplete", channel="bot-commands", author="bob", command="/fruit name:a",
                                  focused="name")
    assert [c["value"] for c in completed["choices"]] == ["apple", "avocado"], completed


async def compression(bot):
    assert discord.utils._ActiveDecompressionContext.COMPRESSION_TYPE == "zstd-stream"
    assert {"bot": "rainbow", "compress": "zstd-stream"} in await bot.look("connections")
    async with bot.http_session.ws_connect(f"{URL}/?v=10&encoding=json&compress=brotli") as socket:
        refusal = await socket.receive()
        assert refusal.type is aiohttp.WSMsgType.CLOSE and refusal.data == 4002, refusal


async def voice(bot, guild):
    lounge = discord.utils.get(guild.voice_channels, name="Lounge")
    joined = asyncio.ensure_future(bot.expect("voice_state_update", lambda m, b, a: m.name == "bob"))
    await asyncio.sleep(0)
    await bot.control("voice", author="bob", channel="Lounge")
    member, before, after = await joined
    assert before.channel is None and after.channel == lounge and member in lounge.members
    server = asyncio.ensure_future(bot.expect("voice_server"))
    await asyncio.sleep(0)
    await guild.change_voice_state(channel=lounge, self_deaf=True)
    data = await server
    assert data["token"] and data["endpoint"] and data["guild_id"] == str(guild.id)
    present = next(c for c in await bot.look("voice") if c["channel"] == "Lounge")
    assert [m["author"] for m in present["members"]] == ["bob", "Rainbow"], present
    await guild.get_member_named("bob").edit(mute=True)
    await guild.get_member_named("bob").move_to(discord.utils.get(guild.voice_channels, name="Attic"))
    await bot.http.request(
        discord.http.Route("PUT", "/channels/{channel_id}/voice-status", channel_id=lounge.id), json={"status": "Live"})
    left = asyncio.ensure_future(bot.expect("voice_state_update", lambda m, b, a: m.id == bot.user.id))
    await asyncio.sleep(0)
    await guild.change_voice_state(channel=None)
    assert (await left)[2].channel is None
    await bot.control("voice", author="bob", channel=None)


async def moderation(bot, guild):
    bob, alice, dave = (guild.get_member_named(n) for n in ["bob", "alice", "dave"])
    await bob.timeout(discord.utils.utcnow() + __import__("datetime").timedelta(minutes=5), reason="rude ä")
    assert "Missing Permissions" in await bot.refused("messages", channel="general", author="bob", content="let me")
    await bob.timeout(None)
    await bob.edit(nick="Bobby")
    await asyncio.sleep(0.1)
    assert guild.get_member(bob.id).nick == "Bobby"
    for act in [alice.timeout(__import__("datetime").timedelta(minutes=1)), alice.kick(), alice.edit(nick="x"),
                guild.get_member_named("carol").ban()]:
        try:
            await act
            raise AssertionError("acted on a higher member")
        except discord.Forbidden as error:
            assert error.code == 50013, error
    crew = discord.utils.get(guild.roles, name="Crew")
    await dave.remove_roles(crew)
    await dave.add_roles(crew)
    try:
        await dave.add_roles(discord.utils.get(guild.roles, name="Moderator"))
        raise AssertionError("gave a higher role")
    except discord.Forbidden as error:
        assert error.code == 50013
    role = await guild.create_role(name="Made", colour=0x445566, mentionable=True)
    await role.edit(name="Renamed")
    await role.delete()
    channel = await guild.create_text_channel("Made Here", topic="t")
    assert channel.name == "made-here"
    await channel.edit(slowmode_delay=5)
    await channel.set_permissions(guild.default_role, send_messages=False)
    assert "Missing Permissions" in await bot.refused("messages", channel="made-here", author="bob", content="x")
    await channel.delete()
    gone = asyncio.ensure_future(bot.expect("member_remove", lambda m: m.id == dave.id))
    await asyncio.sleep(0)
    await dave.kick(reason="out")
    await gone
    mallory = guild.get_member_named("mallory")
    await mallory.ban(delete_message_seconds=60)
    assert [entry.user.name async for entry in guild.bans()] == ["mallory"]
    await guild.unban(mallory)
    kinds = [entry.action async for entry in guild.audit_logs(limit=5)]
    assert discord.AuditLogAction.unban in kinds and discord.AuditLogAction.ban in kinds, kinds
    reasons = [entry.reason async for entry in guild.audit_logs(limit=100, action=discord.AuditLogAction.member_update)]
    assert "rude ä" in reasons, reasons
    for name in ["dave", "mallory"]:
        await bot.control("members", name=name)


async def faults(bot, guild):
    resumed = asyncio.ensure_future(bot.expect("resumed", timeout=30))
    heard = asyncio.ensure_future(bot.expect("message", lambda m: m.content == "while away", timeout=30))
    await asyncio.sleep(0)
    await bot.control("faults", target="gateway", kind="drop", bot="rainbow")
    await bot.control("messages", channel="general", author="bob", content="while away")
    await asyncio.gather(resumed, heard)
    resumed = asyncio.ensure_future(bot.expect("resumed", timeout=30))
    await asyncio.sleep(0)
    await bot.control("faults", target="gateway", kind="reconnect", bot="rainbow")
    await resumed
    ready = asyncio.ensure_future(bot.expect("ready", timeout=60))
    await asyncio.sleep(0)
    await bot.control("faults", target="gateway", kind="invalidSession", bot="rainbow")
    await ready
    general = discord.utils.get(bot.guilds[0].text_channels, name="general")
    await bot.control("faults", target="rest", kind="429", bot="rainbow", ms=100)
    await general.send("after 429")
    await bot.control("faults", target="rest", kind="502", bot="rainbow", count=1)
    await general.send("after 502")
    calls = await bot.look("calls", since=0)
    statuses = [c["status"] for c in calls if c["bot"] == "rainbow"]
    assert 429 in statuses and 502 in statuses
    assert all(c["route"] for c in calls), [c["path"] for c in calls if not c["route"]]


async def main():
    bot = Bot()
    add_commands(bot)
    parse = discord.state.ConnectionState.parse_voice_server_update

    def server_update(state, data):
        bot.dispatch("voice_server", data)
        parse(state, data)

    bot._connection.parsers["VOICE_SERVER_UPDATE"] = lambda data: server_update(bot._connection, data)
    task = asyncio.create_task(bot.start(TOKEN))
    for _ in range(200):
        if task.done():
            task.result()
        if bot.is_ready():
            break
        await asyncio.sleep(0.05)
    assert bot.is_ready()
    guild = await guild_and_members(bot)
    await compression(bot)
    for step in [messages, interactions, voice, moderation, faults]:
        await step(bot, guild)
        print(step.__name__, flush=True)
    await bot.close()
    task.cancel()
    print("done")


discord.utils.setup_logging(level=30)
asyncio.run(asyncio.wait_for(main(), 150))
