"""Waits until an address answers with success."""
import sys
import time
import urllib.error
import urllib.request

for _ in range(200):
    try:
        urllib.request.urlopen(sys.argv[1], timeout=2)
        break
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        time.sleep(0.1)
else:
    sys.exit(f"no answer from {sys.argv[1]}")
