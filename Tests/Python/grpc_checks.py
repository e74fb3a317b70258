"""Uses the public gRPC client against a running server of the RPC tests.

usage: grpc_checks.py TARGET [AUTHORITY [CERTIFICATE KEY]]

Prints one line for each check: `ok NAME`, or `FAIL NAME: reason`.
"""
import socket
import struct
import sys
import threading
import traceback

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

TARGET = sys.argv[1]
CHECKS = []
SECONDS = 60


def read(path):
    with open(path, "rb") as file:
        return file.read()


def channel():
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1),
               ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    if len(sys.argv) == 2:
        return grpc.insecure_channel(TARGET, options)
    pair = [read(sys.argv[4]), read(sys.argv[3])] if len(sys.argv) > 3 else []
    return grpc.secure_channel(TARGET, grpc.ssl_channel_credentials(read(sys.argv[2]), *pair), options)


CHANNEL = channel()


def check(function):
    CHECKS.append(function)
    return function


def unary(name, request, **options):
    return CHANNEL.unary_unary("/test.Echo/" + name)(request, timeout=options.pop("timeout", SECONDS), **options)


def fails(code, call):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, (error.code(), error.details())
        return error.details()
    raise AssertionError(f"no {code}")


@check
def unary_messages_of_all_sizes():
    for size in [0, 1, 100, 16_384, 65_537, 1 << 20, (4 << 20) - 100]:
        message = bytes(i & 0xff for i in range(997)) * (size // 997 + 1)
        assert unary("Unary", message[:size]) == message[:size], size


@check
def a_message_too_large_is_refused():
    fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: unary("Unary", bytes(5 << 20)))
    assert unary("Unary", b"still here") == b"still here"


@check
def an_unknown_method_is_unimplemented():
    details = fails(grpc.StatusCode.UNIMPLEMENTED, lambda: unary("Nothing", b""))
    assert "/test.Echo/Nothing" in details, details


@check
def every_status_arrives():
    for code in grpc.StatusCode:
        if code != grpc.StatusCode.OK:
            text = f"because ü {code.name}"
            assert fails(code, lambda: unary("Fail", f"{code.value[0]}:{text}".encode())) == text


@check
def a_server_streams():
    answers = list(CHANNEL.unary_stream("/test.Echo/Count")(b"1000", timeout=SECONDS))
    assert answers == [str(i).encode() for i in range(1000)], len(answers)
    assert list(CHANNEL.unary_stream("/test.Echo/Count")(b"0", timeout=SECONDS)) == []


@check
def a_client_streams():
    parts = [bytes([i % 251]) * (i * 37) for i in range(300)]
    answer = CHANNEL.stream_unary("/test.Echo/Sum")(iter(parts), timeout=SECONDS)
    assert answer == f"300 {sum(map(len, parts))}".encode(), answer
    assert CHANNEL.stream_unary("/test.Echo/Sum")(iter([]), timeout=SECONDS) == b"0 0"


@check
def both_stream():
    parts = [str(i).encode() * 100 for i in range(500)]
    assert list(CHANNEL.stream_stream("/test.Echo/Chat")(iter(parts), timeout=SECONDS)) == parts


@check
def the_deadline_is_seen_and_kept():
    left = int(unary("Remaining", b"", timeout=20))
    # Rounded up on the wire.
    assert 1_000 < left <= 21_000, left
    fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: unary("Wait", b"", timeout=0.2))


@check
def a_call_that_is_cancelled_ends_its_handler():
    before = int(unary("Cancelled", b""))
    call = CHANNEL.unary_unary("/test.Echo/Wait").future(b"seen", timeout=SECONDS)
    unary("AwaitWaiting", b"")
    call.cancel()
    assert int(unary("AwaitCancelled", str(before).encode())) > before


@check
def metadata_arrives():
    assert unary("Metadata", b"x-word", metadata=[("x-word", "a word")]) == b"a word"
    assert unary("Metadata", b"x-word") == b""


@check
def the_peer_is_known():
    peer, *names = unary("Peer", b"").decode().split("\n")
    assert peer.startswith("unix" if TARGET.startswith("unix") else "ipv4:127.0.0.1:"), peer
    if len(sys.argv) > 3:
        assert "client.invalid" in names, names
    else:
        assert names == [""], names


@check
def bytes_that_are_no_message():
    for rubbish in [b"\xff" * 40, b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x0b" * 100_000, b"\x22\x02\xff\xfe"]:
        call = CHANNEL.unary_unary("/penstock.v1.Jobs/List")
        fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: call(rubbish, timeout=SECONDS))


@check
def many_calls_at_once():
    calls = [CHANNEL.unary_unary("/test.Echo/Unary").future(str(i).encode(), timeout=SECONDS) for i in range(2000)]
    assert [call.result() for call in calls] == [str(i).encode() for i in range(2000)]


@check
def health():
    stub = health_pb2_grpc.HealthStub(CHANNEL)
    answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    answer = stub.Check(health_pb2.HealthCheckRequest(service="penstock.v1.Jobs"), timeout=SECONDS)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    fails(grpc.StatusCode.NOT_FOUND, lambda: stub.Check(health_pb2.HealthCheckRequest(service="no"), timeout=SECONDS))
    watch = stub.Watch(health_pb2.HealthCheckRequest(service="penstock.v1.Jobs"), timeout=SECONDS)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    unary("SetHealth", b"0")
    assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
    unary("SetHealth", b"1")
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


@check
def reflection():
    database = ProtoReflectionDescriptorDatabase(CHANNEL)
    services = set(database.get_services())
    wanted = {"penstock.v1.Jobs", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection", "test.Echo"}
    assert wanted <= services, services
    pool = descriptor_pool.DescriptorPool(database)
    jobs = pool.FindServiceByName("penstock.v1.Jobs")
    assert {m.name for m in jobs.methods} == {"Submit", "Progress", "Watch", "Stop", "List", "Find", "Rerun"}
    assert jobs.methods_by_name["Submit"].input_type.fields_by_name["load"].message_type.full_name == "penstock.v1.LoadOptions"
    assert pool.FindMessageTypeByName("penstock.v1.RunRequest").fields_by_name["overwrite"].enum_type.name == "Overwrite"
    try:
        pool.FindServiceByName("penstock.v1.Nothing")
    except KeyError:
        return
    raise AssertionError("a service that is not there was described")


def connect():
    if TARGET.startswith("unix:"):
        raw = socket.socket(socket.AF_UNIX)
        raw.connect(TARGET[5:])
    else:
        host, port = TARGET.rsplit(":", 1)
        raw = socket.create_connection((host, int(port)))
    raw.settimeout(SECONDS)
    return raw


@check
def connections_that_break_off():
    """Rubbish, half a handshake, a reset in mid-stream: others do not notice."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    settings = b"\0\0\0\4\0\0\0\0\0"
    openings = [b"", b"GET / HTTP/1.1\r\n\r\n", preface, preface + settings, preface + b"\xff" * 500,
                preface + settings + b"\0\0\5\1\4\0\0\0\1\xff\xff\xff\xff\xff", bytes(range(256)) * 20]
    for opening in openings * 5:
        raw = connect()
        if TARGET.startswith("unix:") is False:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            raw.sendall(opening)
        except OSError:
            pass
        raw.close()
    assert unary("Unary", b"still here") == b"still here"


@check
def streams_that_are_let_go():
    for _ in range(100):
        stream = CHANNEL.unary_stream("/test.Echo/Count")(b"1000000", timeout=SECONDS)
        next(stream)
        stream.cancel()
    stop = threading.Event()

    def endless():
        while not stop.is_set():
            yield bytes(1000)

    for _ in range(20):
        call = CHANNEL.stream_unary("/test.Echo/Sum").future(endless(), timeout=SECONDS)
        call.cancel()
    stop.set()
    assert unary("Unary", b"still here") == b"still here"


@check
def a_wrong_byte_would_be_noticed():
    """The canary: this check must fail."""
    assert unary("Unary", b"one") == b"two"


for function in CHECKS:
    try:
        function()
        print("ok", function.__name__, flush=True)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error}"[:400].replace("\n", " ")
        print(f"FAIL {function.__name__}: {text} ({last.name}:{last.lineno})", flush=True)
CHANNEL.close()
