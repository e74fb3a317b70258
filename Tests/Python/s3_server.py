"""An S3 server for tests: prints its port, serves on loopback, and ends with whoever started it.

usage: s3_server.py moto
       s3_server.py rclone PROGRAM FOLDER KEY SECRET

Descriptor 3 is one end of a socket pair whose other end the test holds: its end of file is the test's end.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading


def end_with_parent(before=None):
    """Ends this process when descriptor 3 does."""

    def watch():
        try:
            os.read(3, 1)
        finally:
            if before:
                before()
            os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def say(port):
    print(f"PORT {port}", flush=True)


def moto():
    from moto.server import ThreadedMotoServer
    from werkzeug.serving import WSGIRequestHandler

    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    end_with_parent()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    say(server.get_host_and_port()[1])
    signal.pause()


def die_with_parent():
    """Has the kernel end this process when the one that started it is killed (PR_SET_PDEATHSIG is 1)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def rclone(program, folder, key, secret):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = subprocess.Popen(
        [program, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{key},{secret}",
         "--config", "/dev/null", "--vfs-cache-mode", "off", folder],
        preexec_fn=die_with_parent)
    end_with_parent(child.kill)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            if child.poll() is not None:
                sys.exit("rclone ended")
            threading.Event().wait(0.05)
    say(port)
    child.wait()


if sys.argv[1] == "moto":
    moto()
else:
    rclone(*sys.argv[2:6])
