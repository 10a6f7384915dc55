"""A discord.py bot among the local Discord's faults: it obeys limits, tries again what it may, resumes and logs in anew,
and what a lost answer had done is there once. Ends with the line `done`, or with the assertion that failed."""
import asyncio
import os
import time

import aiohttp
import discord
import yarl

URL = os.environ["DISCORD_URL"]
SEND = "POST /channels/{channel_id}/messages"
discord.http.Route.BASE = f"{URL}/api/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(URL.replace("http://", "ws://"))


class Bot(discord.Client):
    def __init__(self):
        super().__init__(intents=discord.Intents.all())
        self.heard = []
        self.events = []
        self.resumes = 0
        self.logins = 0
        self.session = None

    async def setup_hook(self):
        self.session = aiohttp.ClientSession()

    async def close(self):
        await self.session.close()
        await super().close()

    async def on_ready(self):
        self.logins += 1

    async def on_resumed(self):
        self.resumes += 1

    async def on_message(self, message):
        self.heard.append(message.content)

    async def control(self, path, **body):
        async with self.session.post(f"{URL}/control/{path}", json=body) as response:
            result = await response.json()
            assert response.status == 200, (path, body, result)
            return result

    async def look(self, path, **query):
        async with self.session.get(f"{URL}/control/{path}", params=query) as response:
            return await response.json()

    async def fault(self, target, kind, **more):
        return (await self.control("faults", target=target, kind=kind, bot="rainbow", **more))["id"]

    async def done(self, fault):
        """How often a fault has happened."""
        report = await self.look("faults")
        return next(entry for entry in report["active"] + report["past"] if entry["id"] == fault)["done"]

    async def shown(self, text):
        return sum(message["content"] == text for message in await self.look("transcript", channel="general"))


async def until(what, condition, limit=30):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.02)


async def limits(bot, general):
    for kind in ["429", "429-shared", "429-global"]:
        fault = await bot.fault("rest", kind, ms=700, count=2, route=SEND)
        started = time.monotonic()
        await general.send(f"after {kind}")
        assert time.monotonic() - started >= 1.4, kind
        assert await bot.done(fault) == 2 and await bot.shown(f"after {kind}") == 1
    # A page instead of JSON: a ban by the proxy, which is never tried again.
    fault = await bot.fault("rest", "429-cloudflare", ms=700, count=5, route=SEND)
    try:
        await general.send("banned")
        raise AssertionError("sent through a ban")
    except discord.HTTPException as error:
        assert error.status == 429 and "1015" in error.text, (error.status, error.text)
    assert await bot.done(fault) == 1
    await bot.session.delete(f"{URL}/control/faults", params={"id": fault})


async def errors(bot, general):
    for kind in ["500", "502", "504"]:
        fault = await bot.fault("rest", kind, route=SEND)
        await general.send(f"after {kind}")
        assert await bot.done(fault) == 1 and await bot.shown(f"after {kind}") == 1
    await bot.fault("rest", "503", route=SEND)
    try:
        await general.send("after 503")
        raise AssertionError("503 was tried again")
    except discord.DiscordServerError as error:
        assert error.status == 503
    started = time.monotonic()
    await bot.fault("rest", "delay", ms=600, route=SEND)
    await general.send("late")
    assert time.monotonic() - started >= 0.6


async def outcomes(bot, general):
    """A client cannot tell these apart; the channel can."""
    for kind, count in [("drop-before", 0), ("drop-after", 1), ("reset", 1)]:
        fault = await bot.fault("rest", kind, route=SEND)
        try:
            await general.send(kind)
            raise AssertionError(f"{kind} was answered")
        except (aiohttp.ClientError, OSError):
            pass
        assert await bot.done(fault) == 1 and await bot.shown(kind) == count, (kind, await bot.shown(kind))
    calls = {call["fault"]: call["status"] for call in await bot.look("calls", since=0) if call["fault"]}
    assert (calls["drop-before"], calls["drop-after"], calls["reset"]) == (0, 200, 200), calls

    await bot.fault("rest", "late-answer", ms=600, route=SEND)
    answer = asyncio.ensure_future(general.send("event first"))
    await until("the event", lambda: "event first" in bot.heard)
    assert not answer.done()
    await answer
    await bot.fault("rest", "late-event", ms=600, route=SEND)
    await general.send("answer first")
    assert "answer first" not in bot.heard
    await until("the late event", lambda: "answer first" in bot.heard)


async def sessions(bot, general):
    say = lambda text: bot.control("messages", channel="general", author="bob", content=text)
    for kind, more in [("drop", {}), ("reconnect", {}), ("close", {"code": 4000}), ("cut-frame", {}),
                       ("invalid-session-resumable", {})]:
        before = bot.resumes
        await bot.fault("gateway", kind, **more)
        await say(f"during {kind}")
        await until(kind, lambda: bot.resumes > before and f"during {kind}" in bot.heard)
        assert bot.heard.count(f"during {kind}") == 1
    before = bot.resumes
    storm = await bot.fault("gateway", "reconnect", count=3, ms=500)
    await until("three resumes", lambda: bot.resumes >= before + 3)
    assert await bot.done(storm) == 3

    # discord.py does not look for repetitions, so it shows that they are there.
    before = bot.resumes
    await say("heard twice")
    await until("the message", lambda: "heard twice" in bot.heard)
    await bot.fault("gateway", "replay-overlap")
    await bot.fault("gateway", "drop")
    await until("the overlapping replay", lambda: bot.resumes > before and bot.heard.count("heard twice") == 2)

    before = bot.logins
    await bot.fault("gateway", "refuse-resume")
    await bot.fault("gateway", "drop")
    await until("a new session", lambda: bot.logins > before, 60)
    before = bot.logins
    await bot.fault("gateway", "invalid-session")
    await until("another session", lambda: bot.logins > before, 60)

    await bot.fault("gateway", "delay", ms=500)
    started = time.monotonic()
    await say("held back")
    await say("behind it")
    await until("the late dispatch", lambda: "behind it" in bot.heard)
    assert time.monotonic() - started >= 0.5 and bot.heard[-2:] == ["held back", "behind it"], bot.heard[-2:]


async def voice(bot, general):
    lounge = discord.utils.get(general.guild.voice_channels, name="Lounge")
    parsers = bot._connection.parsers
    order = []
    for name in ["VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"]:
        parsers[name] = lambda data, name=name, parse=parsers[name]: (order.append(name), parse(data))
    expected = ["VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"]
    for kind in [None, "voice-server-first"]:
        if kind:
            await bot.fault("gateway", kind)
            expected.reverse()
        order.clear()
        await general.guild.change_voice_state(channel=lounge)
        await until("both events", lambda: len(order) == 2)
        assert order == expected, order
        await general.guild.change_voice_state(channel=None)
        await until("the leave", lambda: len(order) == 3)


async def main():
    bot = Bot()
    task = asyncio.create_task(bot.start("playground.rainbow"))
    await until("the login", lambda: bot.logins or task.done())
    general = discord.utils.get(bot.guilds[0].text_channels, name="general")
    for step in [limits, errors, outcomes, sessions, voice]:
        await step(bot, general)
        print(step.__name__, flush=True)
    report = await bot.look("faults")
    assert not report["active"], report["active"]
    await bot.close()
    task.cancel()
    print("done")


discord.utils.setup_logging(level=40)
asyncio.run(asyncio.wait_for(main(), 160))
