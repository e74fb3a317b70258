"""Asks the public client for a file whose bucket is not there: that is an error, never "no such file".

Usage: alluxiofs_without_bucket.py URL
Prints one line for each check: `ok NAME`, or `FAIL NAME: reason`; ends with status 1 when one fails.
"""
import sys

from alluxiofs import AlluxioFileSystem

URL = sys.argv[1]


def client():
    """A new client: this one keeps what info() said for as long as it lives."""
    return AlluxioFileSystem(worker_hosts="127.0.0.1:28080", skip_instance_cache=True)


def read():
    with client().open(URL) as file:
        return file.read()


CALLS = {
    "exists": lambda: client().exists(URL),
    "info": lambda: client().info(URL),
    "isdir": lambda: client().isdir(URL),
    "open": read,
}
failed = False
for name, call in CALLS.items():
    try:
        answer = call()
    except FileNotFoundError as error:
        print(f"FAIL {name}: FileNotFoundError: {error}")
        failed = True
    except Exception as error:
        print(f"ok {name}: {type(error).__name__}")
    else:
        print(f"FAIL {name}: answered {answer!r}")
        failed = True
sys.exit(1 if failed else 0)
