"""What goes wrong, each with the built-in exception that Python programs expect for it."""


class PenstockError(Exception):
    """A failure of the client; `code` is penstock.h's, `is_temporary` says whether the same call may succeed later."""

    code = 0
    is_temporary = False


class Invalid(PenstockError, ValueError):
    """An argument or setting that cannot be used."""


class NotFound(PenstockError, FileNotFoundError):
    """The under file system says that it is not there."""


class Changed(PenstockError, OSError):
    """The file is no longer the version that was opened: open it again."""


class Unavailable(PenstockError, ConnectionError):
    """Nobody could be asked, or nobody answered in time."""


class Refused(PenstockError, PermissionError):
    """The under file system denied it."""


class Denied(PenstockError, PermissionError):
    """The worker does not let this user connect."""


class Mismatch(PenstockError, ConnectionError):
    """Another cluster or worker than the one that is meant."""


class ProtocolBroken(PenstockError, ConnectionError):
    """The other side broke the protocol."""


class TooMany(PenstockError, OSError):
    """Too many connections, handles, requests or leases."""


class Closed(PenstockError, ValueError):
    """The client, file or view was closed."""


class Forked(PenstockError, RuntimeError):
    """A handle of the process that this one was forked from."""


class IsDirectory(PenstockError, IsADirectoryError):
    """A directory where a file is needed."""


class SystemFailure(PenstockError, OSError):
    """A call of the system failed."""


class Unsupported(PenstockError, OSError):
    """No way to the bytes that this client can go."""


class LeaseEnded(PenstockError, RuntimeError):
    """A view outlived its lease: what was read of it may not have been the file's."""


BY_CODE = {
    1: Invalid, 2: NotFound, 3: Changed, 4: Unavailable, 5: Refused, 6: Denied, 7: Mismatch, 8: ProtocolBroken,
    9: TooMany, 10: Closed, 11: Forked, 12: IsDirectory, 13: SystemFailure, 14: Unsupported, 15: LeaseEnded}
