"""Discord's rate limits as a client meets them: a bucket for each bot, route and top-level resource, announced in headers,
and a global limit that is not. The numbers are of the size that bots see; Discord documents none but the global one."""

import hashlib
import time

GLOBAL = 50
# Requests, and seconds of a window that begins with its first request.
BUCKETS = {"PATCH /guilds/:id/members/:id": (10, 10), "PATCH /guilds/:id/roles/:id": (10, 10)}
STANDARD = (50, 1)


class Limits:
    def __init__(self):
        self.windows = {}

    def take(self, key, limit, seconds):
        """Whether the window has room, what is left in it, and the seconds until the next one."""
        now = time.monotonic()
        start, used = self.windows.get(key, (now, 0))
        if now >= start + seconds:
            start, used = now, 0
        if used < limit:
            self.windows[key] = (start, used + 1)
        return used < limit, max(limit - used - 1, 0), start + seconds - now

    def admit(self, bot, method, path):
        """None and the headers of the answer, or the seconds after which to ask again and the headers of the refusal."""
        parts = [part for part in path.split("?")[0].split("/") if part]
        # Answers to interactions are exempt.
        if parts[0] == "interactions" or (parts[0] == "webhooks" and len(parts) > 2):
            return None, {}
        is_open, _, after = self.take(bot, GLOBAL, 1)
        if not is_open:
            return after, refusal(after, "global") | {"x-ratelimit-global": "true"}
        route = f"{method} /" + "/".join(":id" if part.isdigit() else part for part in parts)
        resource = "/".join(parts[:2]) if parts[0] in ("channels", "guilds") else ""
        limit, seconds = BUCKETS.get(route, STANDARD)
        is_open, left, after = self.take((bot, route, resource), limit, seconds)
        headers = {
            "x-ratelimit-bucket": hashlib.sha256(route.encode()).hexdigest()[:32], "x-ratelimit-limit": limit,
            "x-ratelimit-remaining": left, "x-ratelimit-reset": f"{time.time() + after:.3f}",
            "x-ratelimit-reset-after": f"{after:.3f}",
        }
        return (None, headers) if is_open else (after, headers | refusal(after, "user"))


def refusal(after, scope):
    return {"retry-after": int(after) + 1, "x-ratelimit-scope": scope}
