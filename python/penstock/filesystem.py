"""fsspec's view of a cluster: `penstock:///data/a.bin`, read-only.

    fsspec.open("penstock:///data/a.bin", socket_dir="/opt/domain", workers="worker-0:28080")
    fsspec.filesystem("penstock", workers="worker-0:28080").ls("/data")

Storage options are the settings of `penstock.Client`. A path of the under file system goes behind the protocol as it is:
`penstock://s3://bucket/a.bin`.
"""
import io
import threading

from fsspec.spec import AbstractFileSystem

from .client import Client
from . import errors

OWN_OPTIONS = {
    "asynchronous", "loop", "use_listings_cache", "listings_expiry_time", "max_paths", "skip_instance_cache",
    "batch_size", "default_block_size", "default_cache_type", "target_protocol", "target_options", "fo"}


class PenstockFileSystem(AbstractFileSystem):
    """Files of a Penstock cluster."""

    protocol = "penstock"
    root_marker = "/"
    # The worker knows best what is there: nothing is remembered here.
    cachable = True

    def __init__(self, settings=None, **options):
        super().__init__(**options)
        named = {name: value for name, value in options.items() if name not in OWN_OPTIONS}
        self._settings, self._named = settings, named
        self._making = threading.Lock()
        self._client = None

    @property
    def client(self):
        """The client behind it, made when it is first needed."""
        if self._client is None:
            with self._making:
                if self._client is None:
                    self._client = Client(self._settings, **self._named)
        return self._client

    @classmethod
    def _strip_protocol(cls, path):
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        path = str(path)
        if path.startswith("penstock://"):
            path = path[len("penstock://"):]
        if "://" in path:
            return path.rstrip("/") if not path.endswith("://") else path
        path = "/" + path.strip("/")
        return path

    @classmethod
    def _parent(cls, path):
        path = cls._strip_protocol(path)
        scheme, mark, rest = path.partition("://")
        if mark:
            return path.rsplit("/", 1)[0] if "/" in rest else path
        return path.rsplit("/", 1)[0] or "/"

    @staticmethod
    def _entry(status, name):
        return {
            "name": name, "size": status.length, "type": "directory" if status.is_directory else "file",
            "mtime": status.modified_ms / 1000, "etag": status.entity_tag, "ufs_path": status.ufs_path,
            "cached_percent": status.cached_percent}

    def info(self, path, **_):
        path = self._strip_protocol(path)
        return self._entry(self.client.stat(path), path)

    def ls(self, path, detail=True, **_):
        path = self._strip_protocol(path)
        is_ufs = "://" in path
        entries = []
        for status in self.client.list(path):
            name = status.ufs_path if is_ufs or not status.path else status.path
            if not is_ufs and not status.path:
                # Read past the workers: the under file system's names below the path that was asked for.
                name = path.rstrip("/") + "/" + name.rstrip("/").rsplit("/", 1)[-1]
            entries.append(self._entry(status, name))
        return entries if detail else [entry["name"] for entry in entries]

    def exists(self, path, **_):
        try:
            self.info(path)
            return True
        except errors.NotFound:
            return False

    def modified(self, path):
        import datetime

        return datetime.datetime.fromtimestamp(self.info(path)["mtime"], datetime.timezone.utc)

    def checksum(self, path):
        return self.info(path)["etag"]

    def ukey(self, path):
        return self.info(path)["etag"]

    def _open(self, path, mode="rb", block_size=None, autocommit=True, cache_options=None, **_):
        if mode != "rb":
            raise NotImplementedError("penstock:// is read-only: write to the under file system")
        raw = PenstockFile(self, self._strip_protocol(path))
        return raw if block_size == 0 else io.BufferedReader(raw, block_size or 64 << 10)

    def cat_file(self, path, start=None, end=None, **_):
        path = self._strip_protocol(path)
        for attempt in range(3):
            with self.client.open(path) as file:
                first, last = _bounds(start, end, file.size)
                try:
                    return file.pread(last - first, first)
                except errors.Changed:
                    if attempt == 2:
                        raise

    def cat_ranges(self, paths, starts, ends, max_gap=None, on_error="return", **_):
        if not isinstance(starts, (list, tuple)):
            starts = [starts] * len(paths)
        if not isinstance(ends, (list, tuple)):
            ends = [ends] * len(paths)
        if len(paths) != len(starts) or len(paths) != len(ends):
            raise ValueError("as many starts and ends as paths")
        by_path = {}
        for place, path in enumerate(paths):
            by_path.setdefault(self._strip_protocol(path), []).append(place)
        results = [None] * len(paths)
        for path, places in by_path.items():
            try:
                with self.client.open(path) as file:
                    bounds = [_bounds(starts[place], ends[place], file.size) for place in places]
                    parts = file.read_many([(first, last - first) for first, last in bounds])
            except Exception as error:
                if on_error == "raise":
                    raise
                parts = [error] * len(places)
            for place, part in zip(places, parts):
                results[place] = part
        return results


class PenstockFile(io.RawIOBase):
    """A file as Python's io knows them; `view` and `file` lead to the bytes in place."""

    def __init__(self, fs, path):
        super().__init__()
        self.fs, self.path = fs, path
        self.file = fs.client.open(path)
        self.size = self.file.size
        self._position = 0

    @property
    def name(self):
        return self.path

    @property
    def mode(self):
        return "rb"

    @property
    def details(self):
        return {"name": self.path, "size": self.size, "type": "file", "etag": self.file.entity_tag}

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._position

    def seek(self, offset, whence=io.SEEK_SET):
        position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if position < 0:
            raise ValueError("a position below 0")
        self._position = position
        return position

    def readinto(self, buffer):
        count = self.file.readinto(buffer, self._position)
        self._position += count
        return count

    def read(self, size=-1):
        if size is None or size < 0:
            size = max(0, self.size - self._position)
        part = self.file.pread(size, self._position)
        self._position += len(part)
        return part

    def readall(self):
        return self.read(-1)

    def view(self, size, offset):
        """At most `size` bytes at `offset` in place."""
        return self.file.view(size, offset)

    def close(self):
        if not self.closed:
            self.file.close()
        super().close()


def _bounds(start, end, size):
    """The range that Python's slices mean."""
    first, last, _ = slice(start, end).indices(size)
    return first, max(first, last)
