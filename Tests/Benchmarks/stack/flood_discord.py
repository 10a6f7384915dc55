"""A Discord for benches: it floods, and measures what comes back.

It announces no bucket and no global limit, so that what is measured is the client; with LIMITS it announces and enforces
both (limits.py), and notes when each call came. Both sides of a comparison run against it. It speaks plain WebSocket frames and HTTP/1.1 by hand, because a library would cost more than the client
under test, and makes the frames of a flood before it begins; it is not the playground and proves nothing about
correctness.

    python flood_discord.py HEARTBEAT LIMITS    prints "ready PORT"; HEARTBEAT: milliseconds; LIMITS: 1 or 0

Control, beside `/api/v10`:
    POST /flood {"count", "rate" (a second; 0 = as fast as they are read), "offendEvery" (0 = never), "channels",
                 "stamped" (whether each message says when it was written, by the monotonic clock; plain sessions only)}
        answers {"seconds", "late" (milliseconds that the slowest message left after its time)} when all is written
    GET  /deletions                           answers [milliseconds from frame written to DELETE received, …]
    POST /steady {"count", "rate"}              messages that a session which is away gets when it resumes (plain sessions
        only); each says when it was written
    POST /interactions {"command", "count", "rate"}    somebody uses a command of the observing bot again and again
        answers [milliseconds from interaction written to its callback received, …]
    GET  /calls                               answers {"arrivals": {"METHOD /path": seconds by the monotonic clock, …} of
        calls that were not refused, "refused": how many were} since the last time (with LIMITS only)
    POST /guilds {"count", "members"}          adds guilds to what the receiving sessions are in; answers when all is written
    GET  /beats                               answers [milliseconds between a session's heartbeats, …]
    GET  /logins                              answers {"identifies", "resumes": [seconds by the monotonic clock, …]}
    GET  /sessions                            answers how many sessions receive guild messages, and their sequences
"""

import asyncio
import base64
import gc
import hashlib
import json
import struct
import sys
import time
import zlib

import zstandard

import guilds
import limits

GUILD = 1_100_000_000_000_000_000
OWNER = 1_100_000_000_000_000_001
ROLE = 1_100_000_000_000_000_002
CHANNELS = [1_100_000_000_000_000_100 + n for n in range(20)]
MEMBERS = [1_100_000_000_000_001_000 + n for n in range(50)]
GUILD_MESSAGES = 1 << 9
EPOCH = 1_420_070_400_000

# What a message's own time is written over.
STAMP = "@" * 19


def bot_of(token):
    """The bot's number: any token works, and the same token is the same bot."""
    digest = int(hashlib.sha256(token.encode()).hexdigest()[:8], 16)
    return 1_100_000_000_000_010_000 + digest % 1_000_000


def user(identifier, name, bot=False):
    return {
        "id": str(identifier), "username": name, "global_name": None, "discriminator": "0", "avatar": None,
        "bot": bot, "public_flags": 0,
    }


def member(identifier, name, bot=False):
    return {
        "user": user(identifier, name, bot), "nick": None, "avatar": None, "roles": [str(ROLE)],
        "joined_at": "2024-01-01T00:00:00.000000+00:00", "deaf": False, "mute": False, "flags": 0,
    }


def role(identifier, name, position, permissions):
    return {
        "id": str(identifier), "name": name, "color": 0, "colors": {"primary_color": 0}, "hoist": False,
        "position": position, "permissions": str(permissions), "managed": False, "mentionable": False, "flags": 0,
    }


def guild(bot):
    return {
        "id": str(GUILD), "name": "Bench", "owner_id": str(OWNER), "joined_at": "2024-01-01T00:00:00+00:00",
        "large": False, "unavailable": False, "member_count": len(MEMBERS) + 1, "icon": None, "splash": None,
        "discovery_splash": None, "afk_channel_id": None, "afk_timeout": 300, "verification_level": 0,
        "default_message_notifications": 0, "explicit_content_filter": 0, "emojis": [], "features": [],
        "mfa_level": 0, "application_id": None, "system_channel_id": None, "system_channel_flags": 0,
        "rules_channel_id": None, "vanity_url_code": None, "description": None, "banner": None, "premium_tier": 0,
        "preferred_locale": "en-US", "public_updates_channel_id": None, "nsfw_level": 0, "stickers": [],
        "premium_progress_bar_enabled": False, "safety_alerts_channel_id": None,
        "roles": [role(GUILD, "@everyone", 0, 0x7FFFFFFF), role(ROLE, "member", 1, (1 << 53) - 1)],
        "channels": [
            {"id": str(c), "type": 0, "name": f"bench-{n}", "position": n, "permission_overwrites": [], "nsfw": False,
             "parent_id": None, "topic": None, "rate_limit_per_user": 0, "last_message_id": None}
            for n, c in enumerate(CHANNELS)
        ],
        "members": [member(bot, "bot", True)], "voice_states": [], "threads": [], "presences": [],
        "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [],
    }


def framed(payload, opcode):
    """A WebSocket frame of a server."""
    length = len(payload)
    if length < 126:
        return bytes((opcode, length)) + payload
    if length < 65536:
        return bytes((opcode, 126)) + struct.pack(">H", length) + payload
    return bytes((opcode, 127)) + struct.pack(">Q", length) + payload


# A compressor, and how it is flushed after a message.
COMPRESSIONS = {
    None: lambda: (None, None),
    "zlib-stream": lambda: (zlib.compressobj(), zlib.Z_SYNC_FLUSH),
    "zstd-stream": lambda: (zstandard.ZstdCompressor(level=6).compressobj(), zstandard.COMPRESSOBJ_FLUSH_BLOCK),
}


class Session:
    """One client's gateway connection."""

    def __init__(self, writer, compress):
        self.writer = writer
        self.deflater, self.flush = COMPRESSIONS[compress]()
        self.sequence = 0
        self.intents = 0
        self.bot = 0
        self.is_flooded = False
        # Frames that came between those of a flood: a compressed stream has one order.
        self.held = []
        self.last_beat = None
        # What it was sent by `steady`, by sequence: what a RESUME asks for.
        self.history = {}
        self.is_away = False

    def frame(self, payload):
        if self.deflater:
            return framed(self.deflater.compress(payload) + self.deflater.flush(self.flush), 0x82)
        return framed(payload, 0x81)

    def send(self, operation, data, event=None):
        if self.is_flooded:
            self.held.append((operation, data, event))
            return
        sequence = None
        if operation == 0:
            self.sequence += 1
            sequence = self.sequence
        payload = json.dumps({"op": operation, "d": data, "s": sequence, "t": event}, separators=(",", ":"))
        self.writer.write(self.frame(payload.encode()))

    def end_flood(self):
        self.is_flooded = False
        held, self.held = self.held, []
        for frame in held:
            self.send(*frame)


class Discord:
    def __init__(self):
        self.sessions = []
        self.written = {}
        self.deletions = []
        self.beats = []
        self.guilds = 0
        # By session id: those that may come back.
        self.known = {}
        self.identifies = 0
        self.resumes = []
        self.next_id = (int(time.time() * 1000) - EPOCH) << 22
        self.limits = limits.Limits() if int(sys.argv[2]) else None
        self.arrivals = {}
        self.refused = 0
        # When interactions were written, and the milliseconds until each was answered.
        self.asked = {}
        self.answered = []
        # discord.py reads a message of this shape at 29,500 to 33,500 a CPU-second.
        self.template = json.dumps({
            "type": 0, "tts": False, "timestamp": "2026-01-01T12:00:00.000000+00:00", "pinned": False, "mentions": [],
            "mention_roles": [], "mention_everyone": False, "member": {
                k: v for k, v in member(MEMBERS[0], "m").items() if k != "user"
            }, "id": "@ID@", "flags": 0, "embeds": [], "edited_timestamp": None, "content": "@CONTENT@",
            "components": [], "channel_type": 0, "channel_id": "@CHANNEL@", "author": user("@AUTHOR@", "somebody"),
            "attachments": [], "guild_id": str(GUILD),
        }, separators=(",", ":"))

    def message(self, number, offends, channels, stamped):
        self.next_id += 1 << 12
        content = (
            "you are such a floopword and everybody here knows it" if offends
            else "has anybody seen the new build? it starts much faster than the last one did"
        )
        text = (
            self.template.replace("@ID@", str(self.next_id), 1)
            .replace("@CONTENT@", f"{STAMP} {content}" if stamped else f"{content} {number}", 1)
            .replace("@CHANNEL@", str(CHANNELS[number % channels]), 1)
            .replace("@AUTHOR@", str(MEMBERS[number % len(MEMBERS)]), 1)
        )
        return self.next_id, text

    def prepare(self, receivers, count, offend_every, channels, stamped):
        """Each receiver's frames, and the ids of the messages that offend, by their number."""
        frames = {session: [] for session in receivers}
        offending = {}
        for number in range(count):
            offends = offend_every > 0 and number % offend_every == 0
            identifier, text = self.message(number, offends, channels, stamped)
            if offends:
                offending[number] = identifier
            for session in receivers:
                session.sequence += 1
                payload = f'{{"t":"MESSAGE_CREATE","s":{session.sequence},"op":0,"d":{text}}}'
                frames[session].append(session.frame(payload.encode()))
        return frames, offending

    async def flood(self, count, rate, offend_every, channels, stamped):
        receivers = [s for s in self.sessions if s.intents & GUILD_MESSAGES]
        for session in receivers:
            session.is_flooded = True
        frames, offending = self.prepare(receivers, count, offend_every, channels, stamped)
        start = time.perf_counter()
        number, late = 0, 0.0
        while number < count:
            # One write for what is due, as a socket delivers it, at most 64 messages.
            due = count if rate == 0 else min(count, int((time.perf_counter() - start) * rate) + 1)
            due = min(due, number + 64)
            if rate and due > number:
                late = max(late, time.perf_counter() - start - number / rate)
            now = time.perf_counter()
            for offence in range(number, due) if offending else ():
                if offence in offending:
                    self.written[offending[offence]] = now
            for session in receivers:
                data = b"".join(frames[session][number:due])
                if stamped:
                    data = data.replace(STAMP.encode(), b"%019d" % time.monotonic_ns())
                session.writer.write(data)
                await session.writer.drain()
            number = due
            if rate:
                await asyncio.sleep(max(start + number / rate - time.perf_counter(), 0))
        seconds = time.perf_counter() - start
        for session in receivers:
            session.end_flood()
        return {"seconds": seconds, "late": late * 1000}

    async def steady(self, count, rate):
        receivers = [s for s in self.sessions if s.intents & GUILD_MESSAGES]
        start = time.perf_counter()
        for number in range(count):
            _, text = self.message(number, False, len(CHANNELS), True)
            text = text.replace(STAMP, "%019d" % time.monotonic_ns(), 1)
            for session in receivers:
                session.sequence += 1
                payload = f'{{"t":"MESSAGE_CREATE","s":{session.sequence},"op":0,"d":{text}}}'.encode()
                session.history[session.sequence] = payload
                if not session.is_away and not session.writer.is_closing():
                    session.writer.write(session.frame(payload))
            ahead = start + number / rate - time.perf_counter()
            if ahead > 0.001:
                await asyncio.sleep(ahead)

    async def interactions(self, command, count, rate):
        """Uses of a command by members in turns; ends when all are answered, or a while after the last."""
        session = next(s for s in self.sessions if s.intents & GUILD_MESSAGES)
        self.asked, self.answered = {}, []
        start = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(start + number / rate - time.perf_counter(), 0))
            # Its id says when it was, and nobody answers an old one.
            self.next_id = max(self.next_id + (1 << 12), (int(time.time() * 1000) - EPOCH) << 22)
            token = f"bench_{self.next_id}"
            somebody = member(MEMBERS[number % len(MEMBERS)], "somebody") | {"permissions": str((1 << 53) - 1)}
            self.asked[token] = time.perf_counter()
            session.send(0, {
                "id": str(self.next_id), "application_id": str(session.bot), "type": 2, "token": token, "version": 1,
                "data": {"id": str(GUILD), "name": command, "type": 1}, "guild_id": str(GUILD), "locale": "en-US",
                "channel_id": str(CHANNELS[number % len(CHANNELS)]), "member": somebody, "app_permissions": "0",
            }, "INTERACTION_CREATE")
        deadline = time.perf_counter() + 5
        while self.asked and time.perf_counter() < deadline:
            await asyncio.sleep(0.01)
        return self.answered

    def admit(self, method, path, token):
        """None and the headers of the answer, or how many seconds too early the call is and the headers of the refusal;
        notes when it came."""
        if self.limits is None:
            return None, {}
        early, headers = self.limits.admit(bot_of(token), method, path)
        if early is None:
            self.arrivals[f"{method} {path}"] = time.monotonic()
        else:
            self.refused += 1
        return early, headers

    def resume(self, session, writer, sequence):
        session.writer = writer
        session.is_away = False
        for number in range(sequence + 1, session.sequence + 1):
            if number in session.history:
                writer.write(session.frame(session.history[number]))
        self.resumes.append(time.monotonic())
        session.send(0, {}, "RESUMED")

    async def add_guilds(self, count, members):
        text = guilds.template(guild(0), members)
        for _ in range(count):
            data = text.replace("@G@", guilds.number(self.guilds))
            self.guilds += 1
            for session in [s for s in self.sessions if s.intents & GUILD_MESSAGES]:
                session.sequence += 1
                payload = f'{{"t":"GUILD_CREATE","s":{session.sequence},"op":0,"d":{data}}}'
                session.writer.write(session.frame(payload.encode()))
                await session.writer.drain()
            # A client that keeps up leaves nothing to wait for, and its heartbeats are to be acknowledged.
            await asyncio.sleep(0)

    def beat(self, session):
        now = time.perf_counter()
        if session.last_beat is not None:
            self.beats.append((now - session.last_beat) * 1000)
        session.last_beat = now

    def rest(self, method, path, token, body):
        """Status and JSON of a REST call."""
        bot = bot_of(token)
        parts = [p for p in path.split("?")[0].split("/") if p]
        if method == "DELETE" and len(parts) == 4 and parts[2] == "messages":
            sent = self.written.pop(int(parts[3]), None)
            if sent is not None:
                self.deletions.append((time.perf_counter() - sent) * 1000)
            return 204, None
        if parts[0] == "interactions":
            asked = self.asked.pop(parts[2], None)
            if asked is not None:
                self.answered.append((time.perf_counter() - asked) * 1000)
            return 204, None
        if parts == ["users", "@me"]:
            return 200, user(bot, "bot", True) | {"verified": True, "mfa_enabled": True}
        if parts in (["applications", "@me"], ["oauth2", "applications", "@me"]):
            return 200, {
                "id": str(bot), "name": "bot", "icon": None, "description": "", "bot_public": True,
                "bot_require_code_grant": False, "verify_key": "00" * 32, "flags": 0, "team": None, "summary": "",
                "owner": user(OWNER, "owner"), "bot": user(bot, "bot", True),
            }
        if parts == ["gateway", "bot"]:
            return 200, {
                "url": f"ws://127.0.0.1:{self.port}/", "shards": 1,
                "session_start_limit": {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1},
            }
        if parts == ["gateway"]:
            return 200, {"url": f"ws://127.0.0.1:{self.port}/"}
        if parts[-1:] == ["commands"]:
            commands = json.loads(body or b"[]")
            return 200, [
                c | {"id": str(GUILD + n), "application_id": str(bot), "version": "1"}
                for n, c in enumerate(commands if isinstance(commands, list) else [])
            ]
        if parts[-1:] == ["messages"] and method == "POST":
            self.next_id += 1 << 12
            content = json.loads(body or b"{}").get("content", "")
            return 200, {
                "id": str(self.next_id), "channel_id": parts[1], "content": content, "author": user(bot, "bot", True),
                "timestamp": "2026-01-01T12:00:00+00:00", "edited_timestamp": None, "tts": False, "type": 0,
                "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
                "pinned": False,
            }
        return 200, {}


def http(status, body, headers=None):
    payload = b"" if body is None else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(payload)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"{head}\r\n".encode() + payload


async def gateway(discord, reader, writer, compress):
    session = Session(writer, compress)
    session.send(10, {"heartbeat_interval": int(sys.argv[1])})
    try:
        while True:
            head = await reader.readexactly(2)
            length = head[1] & 0x7F
            if length == 126:
                length = struct.unpack(">H", await reader.readexactly(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", await reader.readexactly(8))[0]
            mask = await reader.readexactly(4)
            data = bytes(b ^ mask[n & 3] for n, b in enumerate(await reader.readexactly(length)))
            opcode = head[0] & 0x0F
            if opcode == 8:
                return
            if opcode == 9:
                writer.write(bytes((0x8A, len(data))) + data)
                continue
            if opcode not in (1, 2):
                continue
            message = json.loads(data)
            if message["op"] == 1:
                discord.beat(session)
                session.send(11, None)
            elif message["op"] == 2:
                bot = bot_of(message["d"]["token"].removeprefix("Bot "))
                session.intents = message["d"]["intents"]
                session.bot = bot
                discord.identifies += 1
                discord.known[f"bench-{bot}"] = session
                session.send(0, {
                    "v": 10, "user": user(bot, "bot", True) | {"verified": True, "mfa_enabled": True},
                    "guilds": [{"id": str(GUILD), "unavailable": True}], "session_id": f"bench-{bot}",
                    "resume_gateway_url": f"ws://127.0.0.1:{discord.port}/", "shard": [0, 1],
                    "application": {"id": str(bot), "flags": 0}, "session_type": "normal", "private_channels": [],
                }, "READY")
                session.send(0, guild(bot), "GUILD_CREATE")
                discord.sessions.append(session)
            elif message["op"] == 6:
                old = discord.known.get(message["d"]["session_id"])
                if old is None:
                    session.send(9, False)
                    continue
                session = old
                discord.sessions.append(session)
                discord.resume(session, writer, message["d"]["seq"])
            elif message["op"] == 8:
                wanted = message["d"]
                session.send(0, {
                    "guild_id": str(GUILD), "members": [member(m, "somebody") for m in MEMBERS],
                    "chunk_index": 0, "chunk_count": 1, "nonce": wanted.get("nonce"),
                }, "GUILD_MEMBERS_CHUNK")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        # Another connection may have taken it up already.
        if session.writer is writer:
            session.is_away = True
            if session in discord.sessions:
                discord.sessions.remove(session)
        writer.close()


async def serve(discord, reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            method, path, _ = lines[0].split(" ")
            headers = dict((k.lower(), v) for k, v in (l.split(": ", 1) for l in lines[1:] if ": " in l))
            if "sec-websocket-key" in headers:
                key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
                writer.write((
                    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                    f"sec-websocket-accept: {accept}\r\n\r\n"
                ).encode())
                return await gateway(discord, reader, writer, path.partition("compress=")[2].split("&")[0] or None)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            if path == "/flood":
                order = json.loads(body)
                writer.write(http(200, await discord.flood(
                    order["count"], order.get("rate", 0), order.get("offendEvery", 0),
                    order.get("channels", len(CHANNELS)), order.get("stamped", False))))
            elif path == "/steady":
                order = json.loads(body)
                await discord.steady(order["count"], order["rate"])
                writer.write(http(200, {}))
            elif path == "/interactions":
                order = json.loads(body)
                writer.write(http(200, await discord.interactions(order["command"], order["count"], order["rate"])))
            elif path == "/calls":
                writer.write(http(200, {"arrivals": discord.arrivals, "refused": discord.refused}))
                discord.arrivals, discord.refused = {}, 0
            elif path == "/logins":
                writer.write(http(200, {"identifies": discord.identifies, "resumes": discord.resumes}))
            elif path == "/guilds":
                order = json.loads(body)
                await discord.add_guilds(order["count"], order.get("members", guilds.MEMBERS))
                writer.write(http(200, {}))
            elif path == "/beats":
                writer.write(http(200, discord.beats))
                discord.beats = []
            elif path == "/deletions":
                writer.write(http(200, discord.deletions))
                discord.deletions = []
            elif path == "/sessions":
                sequences = [s.sequence for s in discord.sessions if s.intents & GUILD_MESSAGES]
                writer.write(http(200, {
                    "receiving": len(sequences), "sequences": sequences, "all": len(discord.sessions)}))
            else:
                token = headers.get("authorization", "").removeprefix("Bot ")
                path = path.removeprefix("/api/v10")
                early, announced = discord.admit(method, path, token)
                if early is None:
                    status, answer = discord.rest(method, path, token, body)
                else:
                    status, answer = 429, {
                        "message": "You are being rate limited.", "retry_after": early,
                        "global": "x-ratelimit-global" in announced}
                writer.write(http(status, answer, announced))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    # Nothing here makes cycles, and a pause would count as the client's.
    gc.disable()
    discord = Discord()
    server = await asyncio.start_server(lambda r, w: serve(discord, r, w), "127.0.0.1", 0, limit=1 << 20)
    discord.port = server.sockets[0].getsockname()[1]
    print(f"ready {discord.port}", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
