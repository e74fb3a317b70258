"""Files of a Penstock cluster, read the shortest way there is.

    import penstock
    client = penstock.Client(socket_dir="/opt/domain", workers="worker-0:28080")
    with client.open("/data/a.bin") as file:
        first = file.pread(4096, 0)
        with file.view(1 << 20, 0) as page:      # in place, in the worker's memory
            total = sum(page.memory[:16])
    # Here the view's lease was live to its end; else LeaseEnded was raised.

A client may be used by any thread, and by children after a fork: they connect again when they first use it.
"""
from ._library import VERSION as __version__
from .client import Client, File, Statistics, Status, View
from .errors import (
    Changed, Closed, Denied, Invalid, IsDirectory, LeaseEnded, Mismatch, NotFound, PenstockError,
    ProtocolBroken, Refused, TooMany, Unavailable, Unsupported)

__all__ = [
    "Changed", "Client", "Closed", "Denied", "File", "Invalid", "IsDirectory", "LeaseEnded", "Mismatch", "NotFound",
    "PenstockError", "ProtocolBroken", "Refused", "Statistics", "Status", "TooMany", "Unavailable", "Unsupported",
    "View", "__version__"]
