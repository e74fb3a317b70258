"""Clients, files and views."""
import ctypes
import os
import threading
import weakref
from collections import namedtuple
from ctypes import byref, c_int32

from . import errors
from ._library import (
    CBytes, CError, CRange, CStatistics, CStatus, address_of_bytes, failure, lib, new_bytes)

Status = namedtuple("Status", "path ufs_path is_directory length modified_ms entity_tag cached_percent")
Statistics = namedtuple(
    "Statistics",
    "shared domain network ufs bytes_in_place bytes_returned leases revoked late_reads requests connections retries fallbacks")
PATHS = ("shared", "domain", "network", "ufs")

# Counts forks: a handle of another generation belongs to the parent, and is left alone.
_generation = 0


def _after_fork():
    global _generation
    _generation += 1


os.register_at_fork(after_in_child=_after_fork)


class Client:
    """A client of a cluster; settings are those of `penstock_connect`, such as socket_dir="/opt/domain".

    Names that hold dots are given as a dictionary: Client({"alluxio.cluster.name": "a"}, workers="h:28080").
    """

    def __init__(self, settings=None, **named):
        self._settings = dict(settings or {})
        self._settings.update(named)
        self._lock = threading.Lock()
        self._handle, self._generation = None, -1
        self._is_closed = False
        self._connect()

    def _connect(self):
        texts = [f"{name}={_text(value)}".encode() for name, value in self._settings.items()]
        array = (ctypes.c_char_p * len(texts))(*texts)
        error = CError()
        handle = lib.penstock_connect(array, len(texts), byref(error))
        if not handle:
            raise failure(error)
        self._handle, self._generation = handle, _generation

    def _own(self):
        """The handle of this process; a child makes one of its own."""
        if self._generation != _generation:
            # Another thread of the parent may have held the lock when it forked.
            if self._generation != -1:
                self._lock = threading.Lock()
            with self._lock:
                if self._generation != _generation:
                    self._connect()
        if self._is_closed:
            raise errors.Closed("the client was closed")
        return self._handle

    def __reduce__(self):
        return (Client, (self._settings,))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()

    def close(self):
        """Ends all connections; open files fail from then on."""
        handle, self._handle = self._handle, None
        self._is_closed = True
        if handle and self._generation == _generation:
            lib.penstock_disconnect(handle)

    def open(self, path):
        """The file at `path`, at the version that it has now."""
        return File(self, path)

    def read(self, path, offset=0, size=None):
        """Bytes of the file at `path`; of the present version if it changes meanwhile."""
        for attempt in range(3):
            with self.open(path) as file:
                try:
                    return file.pread(file.size - offset if size is None else size, offset)
                except errors.Changed:
                    if attempt == 2:
                        raise

    def stat(self, path):
        """What is at `path`."""
        status, error = CStatus(), CError()
        if lib.penstock_stat(self._own(), path.encode(), byref(status), byref(error)) != 0:
            raise failure(error)
        is_alluxio = path.startswith("/")
        return _status(status, path if is_alluxio else "", "" if is_alluxio else path)

    def list(self, path):
        """What is in the directory at `path`."""
        error = CError()
        listing = lib.penstock_list(self._own(), path.encode(), byref(error))
        if not listing:
            raise failure(error)
        try:
            entries = []
            status = CStatus()
            for index in range(lib.penstock_listing_count(listing)):
                lib.penstock_listing_status(listing, index, byref(status))
                entries.append(_status(
                    status, lib.penstock_listing_path(listing, index).decode(),
                    lib.penstock_listing_ufs_path(listing, index).decode()))
            return entries
        finally:
            lib.penstock_listing_free(listing)

    @property
    def statistics(self):
        """What was done so far, in this process."""
        figures = CStatistics()
        lib.penstock_get_statistics(self._own(), byref(figures))
        rest = [getattr(figures, name) for name in Statistics._fields[4:]]
        return Statistics(*figures.bytes, *rest)


class File:
    """An open file at one version; reads say nothing of the way they came, `last_path` does."""

    def __init__(self, client, path, entity_tag=None):
        self._client, self.path = client, path
        self._lock = threading.Lock()
        self._handle, self._generation = None, -1
        self._is_closed = False
        self.entity_tag = entity_tag
        self.last_path = None
        self._open()

    def _open(self):
        error = CError()
        handle = lib.penstock_open(self._client._own(), self.path.encode(), byref(error))
        if not handle:
            raise failure(error)
        status = CStatus()
        lib.penstock_get_status(handle, byref(status))
        tag = status.entity_tag.decode()
        if self.entity_tag not in (None, tag):
            lib.penstock_close(handle)
            raise errors.Changed(f"{self.path}: has another version than the one opened (open it again)")
        self.entity_tag, self.size = tag, status.length
        self._handle, self._generation = handle, _generation

    def _own(self):
        if self._generation != _generation:
            self._lock = threading.Lock()
            with self._lock:
                if self._generation != _generation:
                    self._open()
        if self._is_closed:
            raise errors.Closed(f"{self.path}: was closed")
        return self._handle

    def __reduce__(self):
        return (File, (self._client, self.path, self.entity_tag))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()

    def __len__(self):
        return self.size

    def close(self):
        """Gives the file's leases back; views stay as they are."""
        handle, self._handle = self._handle, None
        self._is_closed = True
        if handle and self._generation == _generation:
            lib.penstock_close(handle)

    @property
    def is_stale(self):
        """Whether the worker said that another version is there now."""
        return bool(lib.penstock_is_stale(self._own()))

    def pread(self, size, offset=0):
        """`size` bytes at `offset`, fewer at the end of the file, as bytes."""
        size = max(0, min(size, self.size - offset))
        if size == 0:
            self._own()
            return b""
        result = new_bytes(None, size)
        self._pread(address_of_bytes(result), size, offset)
        return result

    def readinto(self, buffer, offset=0):
        """Fills a writable buffer, such as a bytearray or a numpy array, from `offset` on; returns the bytes read."""
        with memoryview(buffer) as whole:
            if whole.nbytes == 0:
                return 0
            with whole.cast("B") if whole.c_contiguous else whole as view:
                target = (ctypes.c_char * view.nbytes).from_buffer(view)
                try:
                    return self._pread(ctypes.addressof(target), view.nbytes, offset)
                finally:
                    del target

    def _pread(self, address, size, offset):
        error, path = CError(), c_int32()
        count = lib.penstock_pread(self._own(), address, size, offset, byref(path), byref(error))
        if count < 0:
            raise failure(error)
        self.last_path = PATHS[path.value]
        return count

    def read_many(self, ranges):
        """The bytes of each (offset, size) of `ranges`, with few questions to the worker."""
        ranges = [(offset, max(0, min(size, self.size - offset))) for offset, size in ranges]
        results = [new_bytes(None, size) if size else b"" for _, size in ranges]
        wanted = (CRange * len(ranges))()
        for place, ((offset, size), result) in enumerate(zip(ranges, results)):
            wanted[place] = CRange(address_of_bytes(result) if size else None, size, max(0, offset), 0, 0)
        error = CError()
        if lib.penstock_read_many(self._own(), wanted, len(ranges), byref(error)) != 0:
            raise failure(error)
        return results

    def read_ahead(self, size, offset=0):
        """Gets bytes ready that will be read soon."""
        error = CError()
        if lib.penstock_read_ahead(self._own(), offset, size, byref(error)) != 0:
            raise failure(error)

    def view(self, size, offset=0):
        """At most `size` bytes at `offset` in place, to the end of their page."""
        return View(self, size, offset)

    def views(self, offset=0, size=None):
        """Views of all bytes from `offset` on, page by page; each must be closed before the next is asked for."""
        end = self.size if size is None else min(self.size, offset + size)
        while offset < end:
            with self.view(end - offset, offset) as view:
                yield view
                offset += view.size


class View:
    """Bytes in place, read-only: `memory` for Python, `array()` for numpy.

    What was read counts only if the lease was live to the end: leaving the `with` block raises LeaseEnded when it was not.
    `memory` ends with the view. An array of it, or a slice, stays mapped and cannot be taken back: after the end it may show
    other bytes, so copy (`array().copy()`) what is to be kept.
    """

    def __init__(self, file, size, offset):
        found, error = CBytes(), CError()
        handle = lib.penstock_view_open(file._own(), offset, size, byref(found), byref(error))
        if not handle:
            raise failure(error)
        self._handle, self._generation = handle, _generation
        self.path, self.size, self.offset = file.path, found.count, offset
        self.is_copy, self.way = bool(found.is_copy), PATHS[found.path]
        whole = (ctypes.c_ubyte * found.count).from_address(found.bytes)
        # The mapping goes when the last that looks at it has gone.
        weakref.finalize(whole, _free, handle, _generation).atexit = False
        self.memory = memoryview(whole).cast("B").toreadonly()
        self._ended = None

    def array(self, dtype="uint8"):
        """A read-only numpy array of the bytes."""
        import numpy

        return numpy.frombuffer(self.memory, dtype=dtype)

    @property
    def is_live(self):
        """Whether everything read so far was the file's."""
        if self._ended is not None:
            return self._ended
        return lib.penstock_view_is_live(self._handle) == 1

    def close(self):
        """Ends the view; whether its lease was live to the end."""
        if self._ended is None:
            if self._generation == _generation:
                self._ended = lib.penstock_view_close(self._handle) == 1
            else:
                # The lease is the parent's, who gives it back.
                self._ended = lib.penstock_view_is_live(self._handle) == 1
            try:
                self.memory.release()
            except BufferError:
                # An array of it cannot be taken back: it may show other bytes from now on.
                pass
        return self._ended

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if not self.close() and kind is None:
            raise errors.LeaseEnded(
                f"{self.path}: the lease ended while the bytes were looked at (look again, or copy)")

    def __len__(self):
        return self.size

    def __bytes__(self):
        return bytes(self.memory)

    def __del__(self):
        if getattr(self, "_ended", True) is None:
            self.close()


def _free(handle, generation):
    if generation == _generation:
        lib.penstock_view_free(handle)


def _status(status, path, ufs_path):
    return Status(
        path, ufs_path, bool(status.is_directory), status.length, status.modified_ms, status.entity_tag.decode(),
        status.cached_percent)


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value)
