"""A hikari bot among the faults of the local gateway: it resumes, logs in anew, and notices zombies and missing HELLOs.
Ends with the line `done`, or with the assertion that failed."""
import asyncio
import base64
import os
import time

import aiohttp
import hikari

URL = os.environ["DISCORD_URL"]
TOKEN = "playground.iris"


async def main():
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{URL}/api/v10/users/@me", headers={"Authorization": f"Bot {TOKEN}"}) as response:
            # hikari reads the application's id out of the token.
            token = base64.b64encode((await response.json())["id"].encode()).decode() + "." + TOKEN
        bot = hikari.GatewayBot(token=token, intents=hikari.Intents.ALL, banner=None, rest_url=f"{URL}/api/v10",
                                logs={"version": 1, "incremental": True, "loggers": {"hikari": {"level": "ERROR"}}})
        heard, counts = [], {"resumed": 0, "ready": 0}

        @bot.listen()
        async def message(event: hikari.GuildMessageCreateEvent):
            heard.append(event.content)

        @bot.listen()
        async def resumed(_: hikari.ShardResumedEvent):
            counts["resumed"] += 1

        @bot.listen()
        async def ready(_: hikari.ShardReadyEvent):
            counts["ready"] += 1

        async def control(path, **body):
            async with session.post(f"{URL}/control/{path}", json=body) as response:
                result = await response.json()
                assert response.status == 200, (path, body, result)
                return result.get("id")

        async def until(what, condition, limit=40):
            end = time.monotonic() + limit
            while not condition():
                assert time.monotonic() < end, (what, counts)
                await asyncio.sleep(0.02)

        async def meets(kind, outcome, **more):
            before = counts[outcome]
            await control("faults", target="gateway", kind=kind, **more)
            if kind not in ("drop", "missed-ack", "invalid-session"):
                await control("messages", channel="general", author="bob", content=f"during {kind}")
                await until(kind, lambda: f"during {kind}" in heard)
            await until(f"{outcome} after {kind}", lambda: counts[outcome] > before)
            print(kind, flush=True)

        await bot.start(check_for_updates=False)
        await until("the login", lambda: counts["ready"])
        await meets("reconnect", "resumed", bot="iris")
        await meets("close", "resumed", bot="iris", code=4000)
        await meets("cut-frame", "resumed", bot="iris")
        await meets("invalid-session-resumable", "resumed", bot="iris")
        await meets("invalid-session", "ready", bot="iris")
        await control("faults", target="gateway", kind="slow-hello", ms=1500)
        started = time.monotonic()
        await meets("drop", "resumed", bot="iris")
        assert time.monotonic() - started >= 1.5
        await control("faults", target="gateway", kind="refuse-resume", bot="iris")
        await meets("drop", "ready", bot="iris")
        # A heartbeat every three seconds: the second one finds the first unanswered.
        await meets("missed-ack", "resumed", bot="iris", count=2)
        await bot.close()
    print("done")


asyncio.run(asyncio.wait_for(main(), 160))
