"""Uses the public client, unmodified, against a running worker and compares every byte with the source.

Usage: alluxiofs_checks.py DATA_FOLDER
Prints one line for each check: `ok NAME`, or `FAIL NAME: reason`.
"""
import os
import random
import sys
import time
import traceback
import urllib.parse

from alluxiofs import AlluxioFileSystem

DATA = sys.argv[1]
ROOT = "file://" + DATA
CHECKS = []

AWKWARD = [
    "plain.bin", "sub dir/a b.txt", "amp&and=equals.bin", "plus+sign.bin", "per cent%.bin",
    "literal%20twenty.bin", "ümläut 日本.bin", "question?mark.bin", "trail&chunkSize=9.bin",
    "sub dir/deep/&recursive=True", "empty",
]


def check(function):
    CHECKS.append(function)
    return function


def client():
    """A new client: this one keeps what info() said for as long as it lives."""
    return AlluxioFileSystem(worker_hosts="127.0.0.1:28080", skip_instance_cache=True)


def local(name):
    with open(os.path.join(DATA, name), "rb") as file:
        return file.read()


def url(name):
    return ROOT + "/" + name


def same(got, wanted, what=""):
    got = bytes(got)
    assert got == wanted, f"{what}: {len(got)} bytes differ from the {len(wanted)} wanted"


@check
def ls():
    entries = client().ls(ROOT, detail=True)
    found = {urllib.parse.unquote(e["name"]).rsplit("/", 1)[-1]: e for e in entries}
    assert set(found) == set(os.listdir(DATA)), sorted(found)
    for name, entry in found.items():
        path = os.path.join(DATA, name)
        assert entry["type"] == ("directory" if os.path.isdir(path) else "file"), entry
        assert entry["ufs_path"] == url(name), entry
        if os.path.isfile(path):
            assert entry["size"] == os.path.getsize(path), entry


@check
def ls_of_a_folder_with_a_space():
    entries = client().ls(url("sub dir"), detail=True)
    assert {e["ufs_path"] for e in entries} == {url("sub dir/a b.txt"), url("sub dir/deep")}


@check
def info():
    fs = client()
    for name in AWKWARD:
        entry = fs.info(url(name))
        assert entry["type"] == "file" and entry["size"] == len(local(name)), (name, entry)
        modified = int(os.stat(os.path.join(DATA, name)).st_mtime * 1000)
        assert abs(entry["mtime"] - modified) <= 1, (name, entry, modified)
    assert fs.info(ROOT)["type"] == "directory"


@check
def isfile_and_isdir():
    fs = client()
    assert fs.isfile(url("plain.bin")) and not fs.isfile(ROOT)
    assert fs.isdir(url("sub dir")) and not fs.isdir(url("plain.bin"))


@check
def exists():
    fs = client()
    assert fs.exists(url("plain.bin"))
    assert not fs.exists(url("missing.bin"))
    assert not fs.exists(url("sub dir/missing/deeper"))


@check
def info_of_a_missing_file():
    try:
        client().info(url("missing.bin"))
    except FileNotFoundError:
        return
    raise AssertionError("no FileNotFoundError")


@check
def open_and_read_sequentially():
    fs = client()
    for name in AWKWARD:
        with fs.open(url(name)) as file:
            same(file.read(), local(name), name)


@check
def read_a_large_file_in_pieces():
    wanted = local("large.bin")
    got = bytearray()
    with client().open(url("large.bin")) as file:
        while part := file.read(777_777):
            got += part
    same(got, wanted)


@check
def read_at_random_places():
    wanted = local("large.bin")
    dice = random.Random(11)
    with client().open(url("large.bin")) as file:
        for _ in range(60):
            start = dice.randrange(len(wanted))
            count = dice.choice([1, 100, 4096, 65_537, 1 << 20])
            file.seek(start)
            same(file.read(count), wanted[start:start + count], f"{start}+{count}")


@check
def cat_file_with_ranges():
    fs = client()
    for name in AWKWARD:
        wanted = local(name)
        if not wanted:
            continue
        for start, end in [(0, 1), (5, 9), (0, len(wanted)), (len(wanted) - 1, len(wanted)),
                           (len(wanted) // 2, len(wanted) + 1000)]:
            same(fs.cat_file(url(name), start, end), wanted[start:end], f"{name} {start}-{end}")


@check
def cat_file_whole():
    same(client().cat_file(url("plain.bin")), local("plain.bin"))


@check
def read_bytes():
    fs = client()
    for name in AWKWARD + ["large.bin"]:
        same(fs.read_bytes(url(name)), local(name), name)


@check
def head_and_tail():
    fs = client()
    for name in AWKWARD:
        wanted = local(name)
        for count in [1, 100, 1024, 10_000_000]:
            same(fs.head(url(name), count), wanted[:count], f"head {name} {count}")
            same(fs.tail(url(name), count), wanted[-count:], f"tail {name} {count}")


@check
def write_bytes():
    fs = client()
    dice = random.Random(12)
    for name in ["new & improved+1%.bin", "new ü.bin", "new empty", "plain new.bin"]:
        wanted = b"" if "empty" in name else dice.randbytes(2_500_001)
        fs.write_bytes(url(name), wanted)
        same(local(name), wanted, "on disk: " + name)
        same(client().read_bytes(url(name)), wanted, "read back: " + name)


@check
def overwrite():
    fs = client()
    for size in [1_000_000, 1_000_000, 10]:
        wanted = random.Random(size).randbytes(size)
        fs.write_bytes(url("overwritten.bin"), wanted)
        same(local("overwritten.bin"), wanted)
        same(client().read_bytes(url("overwritten.bin")), wanted)
        with client().open(url("overwritten.bin")) as file:
            same(file.read(), wanted)


@check
def mkdir_and_touch():
    fs = client()
    fs.mkdir(url("made here+"))
    assert os.path.isdir(os.path.join(DATA, "made here+"))
    fs.touch(url("made here+/touched & empty"))
    assert local("made here+/touched & empty") == b""
    assert client().isdir(url("made here+"))


@check
def mv():
    fs = client()
    wanted = random.Random(13).randbytes(1_500_000)
    fs.write_bytes(url("mv & from.bin"), wanted)
    fs.mv(url("mv & from.bin"), url("mv+to ü.bin"))
    assert not os.path.exists(os.path.join(DATA, "mv & from.bin"))
    same(local("mv+to ü.bin"), wanted)
    same(client().read_bytes(url("mv+to ü.bin")), wanted)
    assert not client().exists(url("mv & from.bin"))


@check
def copy():
    fs = client()
    fs.copy(url("plain.bin"), url("copy of plain.bin"))
    same(local("copy of plain.bin"), local("plain.bin"))
    same(client().read_bytes(url("copy of plain.bin")), local("plain.bin"))


@check
def rm():
    fs = client()
    fs.write_bytes(url("gone soon.bin"), b"x")
    fs.rm(url("gone soon.bin"))
    assert not os.path.exists(os.path.join(DATA, "gone soon.bin"))
    fs.mkdir(url("tree"))
    fs.write_bytes(url("tree/leaf"), b"y")
    fs.rm(url("tree"), recursive=True)
    assert not os.path.exists(os.path.join(DATA, "tree"))


@check
def rm_from_the_cache_only():
    client().rm(url("plain.bin"), remove_alluxio_only=True)
    assert os.path.exists(os.path.join(DATA, "plain.bin"))
    same(client().read_bytes(url("plain.bin")), local("plain.bin"))


@check
def a_name_cut_at_a_hash_is_refused():
    """The HTTP library drops `#` and what follows; the worker must not take the rest for the name."""
    fs = client()
    before = local("cut")
    try:
        got = bytes(fs.read_bytes(url("cut#here")))
    except Exception:
        pass
    else:
        raise AssertionError(f"read {len(got)} bytes of another file")
    try:
        fs.rm(url("cut#here"))
    except Exception:
        pass
    same(local("cut"), before)


@check
def load():
    started = time.time()
    assert client().alluxio.load(ROOT, timeout=120) is True
    assert time.time() - started < 120
    for name in AWKWARD:
        same(client().read_bytes(url(name)), local(name), name)


@check
def a_wrong_byte_would_be_noticed():
    """The canary: this check must fail."""
    wanted = bytearray(local("plain.bin"))
    wanted[12345] ^= 1
    same(client().read_bytes(url("plain.bin")), bytes(wanted), "canary")


for function in CHECKS:
    try:
        function()
        print("ok", function.__name__, flush=True)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error}"[:400].replace("\n", " ")
        print(f"FAIL {function.__name__}: {text} ({last.name}:{last.lineno})", flush=True)
