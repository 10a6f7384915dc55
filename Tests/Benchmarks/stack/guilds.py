"""Guilds of the size that large bots have, each with ids and names of its own."""

import json

CHANNELS, MEMBERS = 50, 100
ROLES = 10


def identifier(number, within):
    """An id of the guild: its number in six digits, and nine digits within the guild."""
    return f"11{number}{within:09d}"


def person(number, n):
    return {
        "user": {
            "id": identifier(number, 1000 + n), "username": f"member{n}of{number}", "discriminator": "0",
            "global_name": f"Member {n} of {number}", "avatar": f"{n:026d}{number}", "bot": False, "public_flags": 0,
        },
        "nick": f"nick {n}" if n % 3 == 0 else None, "avatar": None, "deaf": False, "mute": False, "flags": 0,
        "roles": [identifier(number, 10 + n % 5), identifier(number, 15)],
        "joined_at": "2024-01-01T00:00:00.000000+00:00",
    }


def role(number, within, name, position, permissions):
    return {
        "id": identifier(number, within), "name": name, "color": 0, "colors": {"primary_color": 0}, "hoist": False,
        "position": position, "permissions": str(permissions), "managed": False, "mentionable": False, "flags": 0,
    }


def channel(number, n):
    overwrites = [
        {"id": identifier(number, 10), "type": 0, "allow": "1024", "deny": "2048"},
        {"id": identifier(number, 0), "type": 0, "allow": "0", "deny": "1024"},
    ]
    voice = {"bitrate": 64000, "user_limit": 0, "rtc_region": None} if n % 5 == 4 else {}
    return voice | {
        "id": identifier(number, 100 + n), "type": 2 if n % 5 == 4 else 0, "name": f"channel-{n}-of-{number}",
        "position": n, "nsfw": False, "parent_id": None, "rate_limit_per_user": 0, "last_message_id": None, "flags": 0,
        "topic": f"What channel {n} of {number} is about" if n % 2 else None,
        "permission_overwrites": overwrites if n % 4 == 0 else [],
    }


def template(base, members=MEMBERS):
    """A guild's GUILD_CREATE data as text, in which @G@ stands for its number in six digits.

    base: what a guild has beside ids, roles, channels and members.
    """
    number = "@G@"
    roles = [role(number, 0, "@everyone", 0, 0x7FFFFFFF)]
    roles += [role(number, 10 + n, f"role {n} of {number}", n + 1, 1 << n) for n in range(ROLES - 1)]
    return json.dumps(base | {
        "id": identifier(number, 0), "name": f"Guild {number}", "owner_id": identifier(number, 1000), "roles": roles,
        "channels": [channel(number, n) for n in range(CHANNELS)],
        "members": [person(number, n) for n in range(members)], "member_count": members,
    }, separators=(",", ":"))


def number(n):
    return f"{n:06d}"
