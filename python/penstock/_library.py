"""The functions of penstock.h by ctypes; nothing is compiled. Every call lets go of the interpreter's lock meanwhile."""
import ctypes
import os
from ctypes import c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p, POINTER

from .errors import BY_CODE, PenstockError


class CError(ctypes.Structure):
    _fields_ = [
        ("code", c_int32), ("is_temporary", c_int32), ("retry_ms", c_uint32), ("message", c_char * 1024)]


class CStatus(ctypes.Structure):
    _fields_ = [
        ("length", c_int64), ("modified_ms", c_int64), ("is_directory", c_int32), ("cached_percent", c_int32),
        ("entity_tag", c_char * 64)]


class CRange(ctypes.Structure):
    _fields_ = [
        ("target", c_void_p), ("size", c_size_t), ("offset", c_uint64), ("count", c_size_t), ("path", c_int32)]


class CBytes(ctypes.Structure):
    _fields_ = [("bytes", c_void_p), ("count", c_size_t), ("path", c_int32), ("is_copy", c_int32)]


class CStatistics(ctypes.Structure):
    _fields_ = [("bytes", c_uint64 * 4)] + [
        (name, c_uint64) for name in (
            "bytes_in_place", "bytes_returned", "leases", "revoked", "late_reads", "requests", "connections", "retries",
            "fallbacks")]


def _load():
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libpenstock.so")
    path = os.environ.get("PENSTOCK_LIBRARY") or (beside if os.path.exists(beside) else "libpenstock.so")
    return ctypes.CDLL(path)


lib = _load()
_ERROR = POINTER(CError)
for _name, _result, _arguments in [
    ("version", c_char_p, []),
    ("interface", c_int32, []),
    ("connect", c_void_p, [POINTER(c_char_p), c_size_t, _ERROR]),
    ("disconnect", None, [c_void_p]),
    ("get_statistics", None, [c_void_p, POINTER(CStatistics)]),
    ("open", c_void_p, [c_void_p, c_char_p, _ERROR]),
    ("close", None, [c_void_p]),
    ("length", c_int64, [c_void_p]),
    ("get_status", None, [c_void_p, POINTER(CStatus)]),
    ("is_stale", c_int32, [c_void_p]),
    ("pread", c_int64, [c_void_p, c_void_p, c_size_t, c_uint64, POINTER(c_int32), _ERROR]),
    ("read_many", c_int32, [c_void_p, POINTER(CRange), c_size_t, _ERROR]),
    ("read_ahead", c_int32, [c_void_p, c_uint64, c_uint64, _ERROR]),
    ("view_open", c_void_p, [c_void_p, c_uint64, c_size_t, POINTER(CBytes), _ERROR]),
    ("view_is_live", c_int32, [c_void_p]),
    ("view_close", c_int32, [c_void_p]),
    ("view_free", None, [c_void_p]),
    ("stat", c_int32, [c_void_p, c_char_p, POINTER(CStatus), _ERROR]),
    ("list", c_void_p, [c_void_p, c_char_p, _ERROR]),
    ("listing_count", c_size_t, [c_void_p]),
    ("listing_path", c_char_p, [c_void_p, c_size_t]),
    ("listing_ufs_path", c_char_p, [c_void_p, c_size_t]),
    ("listing_status", c_int32, [c_void_p, c_size_t, POINTER(CStatus)]),
    ("listing_free", None, [c_void_p]),
]:
    _function = getattr(lib, "penstock_" + _name)
    _function.restype = _result
    _function.argtypes = _arguments

INTERFACE = 1
if lib.penstock_interface() < INTERFACE:
    raise ImportError(f"libpenstock has interface {lib.penstock_interface()}, {INTERFACE} is needed")
VERSION = lib.penstock_version().decode()

# Bytes objects that are filled before anybody else sees them: no zeroing, no second copy.
new_bytes = ctypes.pythonapi.PyBytes_FromStringAndSize
new_bytes.restype = ctypes.py_object
new_bytes.argtypes = [c_void_p, ctypes.c_ssize_t]
address_of_bytes = ctypes.pythonapi.PyBytes_AsString
address_of_bytes.restype = c_void_p
address_of_bytes.argtypes = [ctypes.py_object]


def failure(error):
    """The exception that `error` stands for."""
    kind = BY_CODE.get(error.code, PenstockError)
    result = kind(error.message.decode("utf-8", "replace"))
    result.code = error.code
    result.is_temporary = bool(error.is_temporary)
    return result
