"""Uses the playground as a new user would, in a real browser: writes as a member, watches a bot answer, uses a slash
command with completion, joins voice, sees what plays, presses a button, fills a modal, changes the member, language
and theme, starts faults and ends them. The bot is discord.py's, its music lavalink.py's. Writes a picture of the page to SCREENSHOT."""
import asyncio
import os
import re

import aiohttp
import discord
import discord.gateway
import lavalink
import yarl
from discord import app_commands
from playwright.async_api import async_playwright, expect

URL = os.environ["PLAYGROUND_URL"]
LAVALINK = ("127.0.0.1", int(os.environ["PLAYGROUND_LAVALINK_PORT"]))
PICTURE = os.environ.get("SCREENSHOT")
discord.http.Route.BASE = f"{URL}/api/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(URL.replace("http", "ws") + "/")


class Voice(discord.VoiceProtocol):
    """Hands a voice connection to lavalink.py."""

    async def on_voice_server_update(self, data):
        await self.client.music.voice_update_handler({"t": "VOICE_SERVER_UPDATE", "d": data})

    async def on_voice_state_update(self, data):
        await self.client.music.voice_update_handler({"t": "VOICE_STATE_UPDATE", "d": data})

    async def connect(self, **_):
        self.client.music.player_manager.create(self.channel.guild.id)
        await self.channel.guild.change_voice_state(channel=self.channel, self_deaf=True)

    async def disconnect(self, **_):
        await self.channel.guild.change_voice_state(channel=None)


class Form(discord.ui.Modal, title="Feedback"):
    subject = discord.ui.TextInput(label="Subject")

    async def on_submit(self, interaction):
        await interaction.response.send_message(f"Noted: **{self.subject.value}**", ephemeral=True)


class Controls(discord.ui.View):
    def __init__(self):
        super().__init__(timeout=None)

    @discord.ui.button(label="Pause", emoji="⏸️", style=discord.ButtonStyle.primary)
    async def pause(self, interaction, _):
        player = interaction.client.music.player_manager.get(interaction.guild_id)
        await player.set_pause(True)
        await interaction.response.send_message("Paused.")


class Bot(discord.Client):
    def __init__(self, slug):
        # A connection of its own for the gateway.
        super().__init__(intents=discord.Intents.all(), connector=aiohttp.TCPConnector(force_close=True))
        self.slug = slug
        self.tree = app_commands.CommandTree(self)
        self.is_up = asyncio.Event()
        self.music = None

    async def on_ready(self):
        if self.slug == "rainbow":
            self.music = lavalink.Client(self.user.id)
            self.music.add_node(*LAVALINK, "youshallnotpass", "eu", "playground")
            await self.tree.sync()
        self.is_up.set()

    async def on_message(self, message):
        if message.author.bot or self.user not in message.mentions:
            return
        async with message.channel.typing():
            await asyncio.sleep(1)
            answer = await message.channel.send("Ahoy", reference=message)
            for words in ["Ahoy there,", "Ahoy there, **sailor**!"]:
                await asyncio.sleep(0.3)
                await answer.edit(content=words)


def commands(bot):
    @bot.tree.command(description="Play music in your voice channel")
    @app_commands.describe(query="A song, an artist or a link", first="Put it first in the queue")
    async def play(interaction: discord.Interaction, query: str, first: bool = False):
        await interaction.response.defer()
        guild = interaction.guild
        if not guild.voice_client:
            await interaction.user.voice.channel.connect(cls=Voice)
        result = await bot.music.get_tracks(f"ytsearch:{query}")
        player = bot.music.player_manager.get(guild.id)
        for track in result.tracks:
            player.add(track)
        await player.play()
        track = result.tracks[0]
        card = discord.Embed(title=track.title, url=track.uri, description=track.author, color=0x818CF8)
        card.set_author(name=f"Now playing in {interaction.user.voice.channel.name}")
        card.set_thumbnail(url=track.artwork_url)
        card.add_field(name="Requested by", value=interaction.user.mention)
        card.add_field(name="Queue", value=f"{len(player.queue)} tracks")
        await interaction.edit_original_response(embed=card, view=Controls())

    @play.autocomplete("query")
    async def suggestions(interaction, current):
        return [app_commands.Choice(name=f"{current.title()} {kind}", value=f"{current} {kind}")
                for kind in ("(Official Audio)", "(Live at the Harbour)")]

    @bot.tree.command(description="Tell us what you think")
    async def feedback(interaction: discord.Interaction):
        await interaction.response.send_modal(Form())


async def write(page, text):
    field = page.locator("#composer")
    await field.fill(text)
    await field.press("Escape")
    await field.press("Enter")


async def visit(page):
    await page.goto(f"{URL}/?as=alice&theme=dark#general")
    await page.wait_for_selector("html[data-ready=true]")
    log, field = page.locator("#log"), page.locator("#composer")

    # A mention is completed, the message appears, the bot's answer grows in its message.
    await field.press_sequentially("Hello @rai", delay=20)
    await expect(page.locator("#completion")).to_contain_text("Rainbow")
    await field.press("Tab")
    await field.press_sequentially("how is the sea?")
    await field.press("Enter")
    await expect(log).to_contain_text("how is the sea?")
    await expect(page.locator(".typing")).to_contain_text("Rainbow")
    answer = log.locator(".message[data-author=Rainbow]").last
    await expect(answer.locator("strong").last).to_have_text("sailor")
    await expect(answer).not_to_have_class("writing")

    # What members write is never markup.
    await write(page, "<img src=x onerror=\"document.title='hacked'\"> <script>document.title='hacked'</script> [x](javascript:alert)")
    await expect(log).to_contain_text("<img src=x")
    assert await log.locator("img[src=x], script, a[href^=javascript]").count() == 0
    assert "hacked" not in await page.title()

    # Voice by a click; a command with its options completed; the track shows in voice and in the card.
    await page.locator("[data-voice=Lounge] button").click()
    await expect(page.locator("[data-voice=Lounge] .present")).to_contain_text("Alice")
    await expect(page.locator(".connected")).to_contain_text("Lounge")
    await field.press_sequentially("/pl", delay=20)
    await expect(page.locator("#completion")).to_contain_text("Play music in your voice channel")
    # Tab right behind the typing completes what was typed, however slow the page is: ten times, for it was a race.
    for text in ["/p", "/pl", "/pla"] * 3 + ["/pl"]:
        await field.fill("")
        await field.evaluate("""(field, text) => {
            for (let end = 1; end <= text.length; end += 1) {
                field.value = text.slice(0, end);
                field.dispatchEvent(new Event("input", { bubbles: true }));
            }
            field.dispatchEvent(new KeyboardEvent("keydown", { key: "Tab", bubbles: true, cancelable: true }));
        }""", text)
        await expect(field).to_have_value("/play ")
    await field.fill("")
    await field.press_sequentially("/pl")
    await field.press("Tab")
    await expect(field).to_have_value("/play ")
    await expect(field).to_be_focused()
    await expect(page.locator("#completion")).to_contain_text("first")
    await field.press_sequentially("query:lanterns", delay=20)
    await expect(page.locator("#completion")).to_contain_text("Lanterns (Live at the Harbour)")
    await field.press("ArrowDown")
    await field.press("Enter")
    await expect(field).to_have_value("/play query:lanterns (Live at the Harbour) ")
    await field.press("Enter")
    await expect(log.locator(".embed h4")).to_contain_text("Lanterns")
    await expect(log.locator(".origin").last).to_contain_text("/play")
    await expect(log.locator(".embed img.thumbnail")).to_be_visible()
    await expect(log.locator(".embed img.thumbnail")).to_have_js_property("complete", True)
    assert await log.locator(".embed img.thumbnail").evaluate("picture => picture.naturalWidth") > 0
    await expect(page.locator("[data-voice=Lounge] .present")).to_contain_text("Lanterns")
    card = page.locator("[data-card]")
    await expect(card).to_contain_text("Lounge")
    # What can be clicked stays where it is while the track runs on.
    button = await page.locator("[data-voice=Attic] button").element_handle()
    await expect(card.locator(".at")).to_have_text(re.compile("0:0[3-9]"))
    assert await button.evaluate("button => button.isConnected")
    if PICTURE:
        await write(page, "@Iris do you like it? 🎶")
        await expect(log.locator(".message[data-author=Iris]").last).to_contain_text("sailor")
        await page.wait_for_timeout(2500)
        await page.screenshot(path=PICTURE)
    await log.locator(".button", has_text="Pause").click()
    await expect(log).to_contain_text("Paused.")
    await expect(card).to_contain_text("paused")

    # A modal; its answer is for this member alone.
    await write(page, "/feedback")
    dialog = page.locator("dialog")
    await dialog.locator("input").fill("More fog")
    await dialog.locator("button.primary").click()
    await expect(log).to_contain_text("Noted: More fog")
    await expect(log).to_contain_text("Only you can see this")
    await page.locator("#me").click()
    await page.locator("[data-member=bob]").click()
    await expect(page.locator("#me")).to_contain_text("Bob")
    await expect(log).not_to_contain_text("Noted: More fog")

    # A refusal is told, and the text is not lost.
    await page.locator("[data-channel=mod-log]").click()
    await write(page, "may I?")
    await expect(page.locator(".toast")).to_be_visible()
    await expect(field).to_have_value("may I?")
    await field.fill("")

    # A direct message makes its channel.
    await page.locator(".channels button", has_text="Iris").click()
    await write(page, "hi, just us")
    await expect(log).to_contain_text("hi, just us")

    # All five languages, light and dark.
    for language, word in [("uk", "Учасники"), ("ru", "Участники"), ("ko", "멤버"), ("zh-TW", "成員"), ("en", "Members")]:
        await page.locator("#me").click()
        await page.select_option(".language select", language)
        await expect(page.locator("#aside")).to_contain_text(word)
        assert await page.evaluate("document.documentElement.lang") == language
    await page.locator(".bottom .tool").click()
    await page.wait_for_selector("html[data-theme=light]")

    # On a small screen the channels are a drawer.
    await page.set_viewport_size({"width": 390, "height": 800})
    await expect(page.locator("#sidebar")).not_to_be_visible()
    await page.locator(".only-small").click()
    await expect(page.locator("#sidebar")).to_be_visible()


async def faults(page):
    log, field, panel = page.locator("#log"), page.locator("#composer"), page.locator("#faults")
    await page.locator("[data-channel=general]").click()
    await page.locator("#alarm").click()
    await expect(panel).to_contain_text("Nothing fails on purpose.")

    # A fault of many calls is started, counts what it meets, and a bot gets over it.
    await panel.locator(".kinds label", has_text=re.compile("^502$")).click()
    await panel.locator("select[name=bot]").select_option("iris")
    await panel.locator("input[name=route]").fill("POST /channels/{channel_id}/messages")
    await panel.locator("input[name=count]").fill("3")
    await panel.get_by_role("button", name="Start").click()
    row = panel.locator("[data-fault='502']")
    await expect(row).to_contain_text("3 left")
    await expect(page.locator("#alarm")).to_have_text("1")
    stop = await row.locator("button").element_handle()
    answers = log.locator(".message[data-author=Iris]")
    before = await answers.count()
    await write(page, "@Iris are you there?")
    await expect(answers).to_have_count(before + 1, timeout=60000)
    await expect(panel.locator("[data-past='502']")).to_contain_text("3 / 3")
    assert not await stop.evaluate("button => button.isConnected")

    # One of the gateway's needs a code, and one that lasts shows for how long; both are ended by hand.
    await panel.locator(".targets label", has_text="Gateway").click()
    await panel.locator(".kinds label", has_text=re.compile("^close$")).click()
    await expect(panel.locator("input[name=route]")).to_have_count(0)
    await panel.locator("select[name=bot]").select_option("iris")
    await panel.locator("input[name=code]").fill("4009")
    await panel.get_by_role("button", name="Start").click()
    await expect(panel.locator("[data-past=close]")).to_contain_text("close 4009")
    await panel.locator(".targets label", has_text="Lavalink").click()
    await panel.locator(".kinds label", has_text=re.compile("^delay$")).click()
    await panel.locator("input[name=count]").fill("500")
    await panel.get_by_role("button", name="Start").click()
    await panel.locator(".targets label", has_text="LLM").click()
    await expect(panel.locator("select[name=bot]")).to_have_count(0)
    await panel.locator(".kinds label", has_text=re.compile("^401$")).click()
    await panel.locator("input[name=ms]").fill("90000")
    await panel.get_by_role("button", name="Start").click()
    await expect(panel.locator("[data-fault='401']")).to_contain_text(re.compile("[89][0-9] s left"))
    if PICTURE:
        await page.screenshot(path=PICTURE.replace(".png", "-faults.png"))
        await page.set_viewport_size({"width": 390, "height": 800})
        await page.wait_for_timeout(400)
        await page.screenshot(path=PICTURE.replace(".png", "-faults-phone.png"))
        await page.set_viewport_size({"width": 1440, "height": 900})
    await panel.locator("[data-fault=delay] button").click()
    await expect(panel.locator("[data-fault=delay]")).to_have_count(0)
    await expect(page.locator("#alarm")).to_have_text("1")

    # What the browser lets through and the server does not is told in words.
    await panel.locator(".targets label", has_text="REST").click()
    await panel.locator("input[name=route]").fill("GET /cheese")
    await panel.get_by_role("button", name="Start").click()
    await expect(page.locator(".toast").last).to_contain_text("route: \"GET /cheese\" is not a method")
    await panel.get_by_role("button", name="End all").click()
    await expect(panel).to_contain_text("Nothing fails on purpose.")
    await expect(page.locator("#alarm")).to_have_text("")

    # In every language; by the keyboard; and within a small screen.
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.locator("#alarm").click()
    await expect(panel.get_by_role("button", name="Start")).to_be_in_viewport()
    assert await panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth && panel.getBoundingClientRect().width <= innerWidth")
    await page.keyboard.press("Escape")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await field.fill("")


async def listening():
    async with aiohttp.ClientSession() as session:
        for _ in range(200):
            try:
                async with session.get(f"{URL}/ready") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise TimeoutError(f"no answer from {URL}")


async def main():
    await listening()
    bots = [Bot("rainbow"), Bot("iris")]
    commands(bots[0])
    running = [asyncio.create_task(bot.start(f"playground.{bot.slug}")) for bot in bots]
    for bot in bots:
        await asyncio.wait_for(bot.is_up.wait(), 20)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
        page.set_default_timeout(15000)
        expect.set_options(timeout=15000)
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and "400" not in message.text and errors.append(message.text))
        try:
            await visit(page)
            await page.set_viewport_size({"width": 1440, "height": 900})
            await faults(page)
        except BaseException:
            await page.screenshot(path=os.environ.get("FAILURE", "/tmp/playground-failure.png"))
            raise
        assert not errors, errors
        await browser.close()
    await bots[0].music.close()
    for bot, task in zip(bots, running):
        await bot.close()
        await task
    print("done")


asyncio.run(main())
