"""Measures reads of 1 MiB pages by Python on one host: views in place, copies, HTTP by requests, alluxiofs; in turns.

Usage: client_figures.py SOCKET_DIR REST_PORT PATH UFS_PATH [SECONDS]
Every byte is compared before; in the turns each page's first and last eight bytes are. Prints JSON: pages per second of each, and the medians
of the rounds' own ratios of views to each other way.
"""
import json
import statistics
import sys
import time

import penstock
import requests

SOCKETS, PORT, PATH, UFS_PATH = sys.argv[1:5]
SECONDS = float(sys.argv[5]) if len(sys.argv) > 5 else 1.0
PAGE = 1 << 20
client = penstock.Client(socket_dir=SOCKETS, ufs_fallback=False)
file = client.open(PATH)
session = requests.Session()
count = file.size // PAGE
with open(UFS_PATH[len("file://"):], "rb") as source:
    WANTED = source.read()
target = bytearray(PAGE)


def in_place(page, look):
    with file.view(PAGE, page * PAGE) as view:
        return look(view.memory)


def copied(page, look):
    file.readinto(target, page * PAGE)
    return look(target)


def by_requests(page, look):
    answer = session.get(
        f"http://127.0.0.1:{PORT}/v1/range/-",
        params={"ufsFullPath": UFS_PATH, "offset": page * PAGE, "length": PAGE})
    return look(answer.content)


WAYS = {"in_place": in_place, "copied": copied, "requests": by_requests}
try:
    from alluxiofs import AlluxioFileSystem

    # It knows port 29998 only, and asks for ranges with two reads; both are what its users get.
    fs = AlluxioFileSystem(worker_hosts=f"127.0.0.1:{PORT}", skip_instance_cache=True)
    WAYS["alluxiofs"] = lambda page, look: look(fs.cat_file(UFS_PATH, page * PAGE, (page + 1) * PAGE))
    by_alluxiofs = WAYS["alluxiofs"](0, bytes)
    if by_alluxiofs != WANTED[:PAGE]:
        raise ValueError("alluxiofs read other bytes")
except Exception as error:
    WAYS.pop("alluxiofs", None)
    print(f"without alluxiofs: {error}", file=sys.stderr)

for name, way in WAYS.items():
    for page in range(count):
        assert way(page, bytes) == WANTED[page * PAGE:(page + 1) * PAGE], (name, page)

ENDS = [(WANTED[p * PAGE:p * PAGE + 8], WANTED[(p + 1) * PAGE - 8:(p + 1) * PAGE]) for p in range(count)]
rates = {name: [] for name in WAYS}
for round in range(5):
    for name, way in list(WAYS.items())[::1 if round % 2 else -1]:
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < SECONDS:
            page = done % count
            ends = way(page, lambda bytes: (bytes[:8], bytes[-8:]))
            assert ends == ENDS[page], (name, page)
            done += 1
        rates[name].append(done / (time.perf_counter() - start))
print(json.dumps({
    "pages_per_second": {name: statistics.median(values) for name, values in rates.items()},
    "in_place_to": {
        name: statistics.median(a / b for a, b in zip(rates["in_place"], values)) for name, values in rates.items()},
}, indent=1))
