"""Loads through the public client, unmodified, of a worker whose loads are jobs of a coordinator.

Usage: alluxiofs_jobs.py SET SLOW MISSING
SET is a UFS path of files to load, SLOW one whose load runs already and takes minutes, MISSING a path with nothing at it.
Prints one line for each check: `ok NAME`, or `FAIL NAME: reason`.
"""
import sys
import traceback

from alluxiofs import AlluxioFileSystem
from alluxiofs.client.core import LoadState

SET, SLOW, MISSING = sys.argv[1:4]
CLIENT = AlluxioFileSystem(worker_hosts="127.0.0.1:28080", skip_instance_cache=True).alluxio


def state(path):
    """The client gives the state and the answer that it was read from."""
    return CLIENT.load_progress(path)[0]


def raises(call, path):
    try:
        call(path)
    except Exception:
        return True
    return False


def a_running_load_is_told_as_running_and_not_begun_twice():
    assert state(SLOW) == LoadState.RUNNING, state(SLOW)
    assert CLIENT.submit_load(SLOW) is True
    assert state(SLOW) == LoadState.RUNNING, state(SLOW)


def a_load_is_stopped_once():
    assert CLIENT.stop_load(SLOW) is True
    assert state(SLOW) == LoadState.STOPPED, state(SLOW)
    assert CLIENT.stop_load(SLOW) is False


def a_load_succeeds():
    assert CLIENT.load(SET, timeout=60) is True
    assert state(SET) == LoadState.SUCCEEDED, state(SET)


def a_path_without_anything_is_no_load():
    assert raises(CLIENT.submit_load, MISSING)
    assert raises(CLIENT.load_progress, MISSING)


for function in [a_running_load_is_told_as_running_and_not_begun_twice, a_load_is_stopped_once, a_load_succeeds,
                 a_path_without_anything_is_no_load]:
    try:
        function()
        print("ok", function.__name__, flush=True)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error}"[:400].replace("\n", " ")
        print(f"FAIL {function.__name__}: {text} ({last.name}:{last.lineno})", flush=True)
