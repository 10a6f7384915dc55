"""The peer: one discord.py bot that reads what our handler reads, and deletes what ours deletes.

    python discordpy_bot.py PORT [--plain]    prints "ready" and, for a line from standard input, how many messages it
    handled and how many guilds it knows
"""

import asyncio
import sys

import discord
import yarl
from discord import gateway, http

port = int(sys.argv[1])
http.Route.BASE = f"http://127.0.0.1:{port}/api/v10"
gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://127.0.0.1:{port}/")
if "--plain" in sys.argv:
    compressed = gateway.DiscordWebSocket.from_client.__func__

    async def plain(cls, *arguments, **options):
        return await compressed(cls, *arguments, **options | {"compress": False})

    gateway.DiscordWebSocket.from_client = classmethod(plain)


class Bot(discord.Client):
    handled = 0

    async def on_ready(self):
        print("ready", flush=True)
        self.loop.add_reader(sys.stdin.fileno(), self.report)

    def report(self):
        if not sys.stdin.readline():
            self.loop.remove_reader(sys.stdin.fileno())
            self.closing = self.loop.create_task(self.close())
            return
        print(self.handled, len(self.guilds), flush=True)

    async def on_message(self, message):
        self.handled += 1
        author, channel, guild = message.author.id, message.channel.id, message.guild.id
        roles = [role.id for role in message.author.roles]
        if "floopword" in message.content and author and channel and guild and roles:
            await message.delete()


async def main():
    intents = discord.Intents.default()
    intents.message_content = True
    intents.members = True
    bot = Bot(intents=intents, chunk_guilds_at_startup=False, max_messages=None)
    async with bot:
        await bot.start("bench.peer")


asyncio.run(main())
