"""Fetches one address of the local Discord with a bot's token, and prints the answer's status."""
import sys
import urllib.error
import urllib.request

request = urllib.request.Request(sys.argv[1], headers={"Authorization": f"Bot {sys.argv[2]}"})
try:
    with urllib.request.urlopen(request) as response:
        print(response.status)
except urllib.error.HTTPError as error:
    print(error.code)
