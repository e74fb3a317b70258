"""Uses the Python package with fsspec and numpy against a running worker and compares every byte with the source.

Usage: client_checks.py DATA_FOLDER SOCKET_DIR REST_PORT
Prints one line for each check: `ok NAME`, or `FAIL NAME: reason`.
"""
import hashlib
import multiprocessing
import os
import pickle
import random
import sys
import threading
import traceback

import fsspec
import numpy
import penstock

DATA, SOCKETS, PORT = sys.argv[1:4]
SETTINGS = {"socket_dir": SOCKETS, "workers": f"127.0.0.1:{PORT}", "ufs_fallback": False, "retry_budget_ms": 5000}
NAMES = sorted(name for name in os.listdir(DATA) if os.path.isfile(os.path.join(DATA, name)))
LARGE = "large.bin"
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def client(**settings):
    return penstock.Client({**SETTINGS, **settings})


def local(name):
    with open(os.path.join(DATA, name), "rb") as file:
        return file.read()


@check
def every_way_of_reading():
    with client() as one:
        for name in NAMES:
            wanted = local(name)
            with one.open("/data/" + name) as file:
                assert file.size == len(wanted), name
                assert file.pread(len(wanted) + 5) == wanted, name
                assert file.pread(10, len(wanted)) == b"", name
                target = bytearray(len(wanted) + 3)
                assert file.readinto(target) == len(wanted), name
                assert target[:len(wanted)] == wanted, name
                ranges = [(random.randrange(len(wanted) + 1), random.randrange(100_000)) for _ in range(20)]
                parts = file.read_many(ranges)
                assert parts == [wanted[offset:offset + size] for offset, size in ranges], name
                seen = b"".join(bytes(view) for view in file.views())
                assert seen == wanted, name
        figures = one.statistics
        assert figures.shared > 0 and figures.network == 0, figures
        assert figures.shared + figures.domain + figures.network + figures.ufs == figures.bytes_returned, figures


@check
def arrays_in_place():
    wanted = numpy.frombuffer(local(LARGE), dtype="uint8")
    with client() as one, one.open("/data/" + LARGE) as file:
        with file.view(1 << 20, 1 << 20) as view:
            array = view.array()
            assert not view.is_copy and view.way == "shared"
            assert numpy.array_equal(array, wanted[1 << 20:2 << 20])
            assert array.base is not None and not array.flags.writeable
            try:
                view.memory[0] = 1
                raise AssertionError("the page can be written to")
            except TypeError:
                pass
        filled = numpy.empty(1 << 20, dtype="uint8")
        assert file.readinto(filled, 5) == 1 << 20 and numpy.array_equal(filled, wanted[5:5 + (1 << 20)])
    # Whoever still holds the array holds the mapping: looking is allowed, though nothing is promised any more.
    assert array.sum() >= 0


@check
def errors_are_pythons():
    with client() as one:
        for call in (lambda: one.open("/data/nothing"), lambda: one.stat("/data/nothing")):
            try:
                call()
                raise AssertionError("no error")
            except FileNotFoundError as error:
                assert isinstance(error, penstock.NotFound) and "/data/nothing" in str(error), error
        try:
            one.open("/data")
            raise AssertionError("no error")
        except IsADirectoryError:
            pass
    try:
        one.open("/data/" + LARGE)
        raise AssertionError("no error")
    except penstock.Closed:
        pass
    try:
        penstock.Client(sockets="/tmp")
        raise AssertionError("no error")
    except ValueError as error:
        assert "sockets" in str(error)


@check
def filesystem():
    fs = fsspec.filesystem("penstock", **SETTINGS)
    assert type(fs).__name__ == "PenstockFileSystem"
    entries = {entry["name"]: entry for entry in fs.ls("penstock:///data")}
    assert set(entries) == {"/data/" + name for name in os.listdir(DATA)}, entries
    for name in NAMES:
        wanted, path = local(name), "/data/" + name
        assert entries[path]["size"] == len(wanted) == fs.size(path), name
        assert fs.cat_file(path) == wanted, name
        assert fs.cat_file(path, 3, -3) == wanted[3:-3], name
        with fsspec.open("penstock://" + path, **SETTINGS) as file:
            assert file.read() == wanted, name
    assert fs.exists("/data/" + LARGE) and not fs.exists("/data/nothing") and fs.isdir("/data")
    assert fs.glob("/data/*.bin") == sorted("/data/" + name for name in NAMES if name.endswith(".bin"))
    assert sorted(fs.find("/data")) == sorted("/data/" + name for name in NAMES)
    wanted = local(LARGE)
    starts = [random.randrange(len(wanted)) for _ in range(50)]
    ends = [min(len(wanted), start + 5000) for start in starts]
    assert fs.cat_ranges(["/data/" + LARGE] * 50, starts, ends) == [
        wanted[start:end] for start, end in zip(starts, ends)]
    with fs.open("/data/" + LARGE) as file:
        file.seek(-100, os.SEEK_END)
        assert file.read() == wanted[-100:] and file.tell() == len(wanted)
        file.seek(12345)
        assert file.read(7) == wanted[12345:12352]
    with fs.open("/data/lines.txt") as file:
        assert list(file) == local("lines.txt").splitlines(keepends=True)
    try:
        fs.open("/data/new", "wb")
        raise AssertionError("it can be written")
    except NotImplementedError:
        pass
    assert pickle.loads(pickle.dumps(fs)).cat_file("/data/" + LARGE, 0, 10) == wanted[:10]


def samples(index, file, order, size, results):
    digest = hashlib.sha256()
    for sample in order[index::4]:
        with file.view(size, int(sample) * size) as view:
            digest.update(view.array())
    figures = file._client.statistics
    results.put((index, digest.hexdigest(), figures.shared, figures.bytes_returned))


@check
def training_loop_in_several_processes():
    """Four forked readers go through shuffled samples, three epochs long, each with a connection of its own."""
    size = 4096
    wanted = local(LARGE)
    count = len(wanted) // size
    context = multiprocessing.get_context("fork")
    with client() as one, one.open("/data/" + LARGE) as file:
        held = file.view(size, 0)
        for epoch in range(3):
            order = numpy.random.default_rng(epoch).permutation(count)
            results = context.Queue()
            readers = [
                context.Process(target=samples, args=(index, file, order, size, results)) for index in range(4)]
            for reader in readers:
                reader.start()
            found = {index: rest for index, *rest in (results.get(timeout=60) for _ in readers)}
            for reader in readers:
                reader.join(60)
                assert reader.exitcode == 0, reader.exitcode
            for index in range(4):
                digest = hashlib.sha256()
                for sample in order[index::4]:
                    digest.update(wanted[sample * size:(sample + 1) * size])
                assert found[index][0] == digest.hexdigest(), (epoch, index)
                assert found[index][1] == found[index][2] > 0, found
        # The children's ends changed nothing here.
        assert held.is_live and bytes(held) == wanted[:size] and held.close()
        assert file.pread(size, size) == wanted[size:2 * size]


@check
def many_threads():
    wanted = local(LARGE)
    wrong = []
    with client() as one, one.open("/data/" + LARGE) as file:
        def read(seed):
            numbers = random.Random(seed)
            for _ in range(200):
                offset = numbers.randrange(len(wanted))
                if file.pread(10_000, offset) != wanted[offset:offset + 10_000]:
                    wrong.append(offset)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong, wrong


@check
def spawned_child():
    with client() as one, one.open("/data/" + LARGE) as file:
        again = pickle.loads(pickle.dumps(file))
        assert again.entity_tag == file.entity_tag and again.pread(10) == file.pread(10)
        again.close()


failed = 0
for function in CHECKS:
    try:
        function()
        print("ok", function.__name__, flush=True)
    except Exception:
        failed += 1
        print("FAIL", function.__name__ + ":", traceback.format_exc().replace("\n", " | "), flush=True)
sys.exit(1 if failed else 0)
