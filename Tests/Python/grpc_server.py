"""A gRPC server for tests: prints its port, serves on loopback, and ends with whoever started it.

usage: grpc_server.py [AUTHORITY CERTIFICATE KEY]

With three files it speaks TLS and demands a client's certificate. Descriptor 3 is one end of a socket pair whose other
end the test holds: its end of file is the test's end.
"""
import os
import sys
import threading
from concurrent import futures

import grpc

cancelled = threading.Semaphore(0)
waiting = threading.Semaphore(0)
failures = {}


def end_with_parent():
    def watch():
        try:
            os.read(3, 1)
        finally:
            os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def fail(request, context):
    code, text = request.decode().split(":", 1)
    code = next(c for c in grpc.StatusCode if c.value[0] == int(code))
    context.abort(code, text)


def flaky(request, context):
    """Unavailable as often as the request says, for each key."""
    key, times = request.decode().split(":")
    failures[key] = failures.get(key, 0) + 1
    if failures[key] <= int(times):
        context.abort(grpc.StatusCode.UNAVAILABLE, "not yet")
    return str(failures[key]).encode()


def wait(request, context):
    gone = threading.Event()
    context.add_callback(gone.set)
    waiting.release()
    gone.wait()
    cancelled.release()
    return b""


def count(request, context):
    for i in range(int(request)):
        yield str(i).encode()


def endless(request, context):
    i = 0
    while context.is_active():
        yield str(i).encode()
        i += 1


def leave(request, context):
    os._exit(1)


def total(requests, context):
    sizes = [len(r) for r in requests]
    return f"{len(sizes)} {sum(sizes)}".encode()


def chat(requests, context):
    yield from requests


def await_one(semaphore):
    def run(request, context):
        return b"1" if semaphore.acquire(timeout=60) else b"0"
    return run


handlers = {
    "Unary": grpc.unary_unary_rpc_method_handler(lambda r, c: r),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Flaky": grpc.unary_unary_rpc_method_handler(flaky),
    "Wait": grpc.unary_unary_rpc_method_handler(wait),
    "Leave": grpc.unary_unary_rpc_method_handler(leave),
    "AwaitWaiting": grpc.unary_unary_rpc_method_handler(await_one(waiting)),
    "AwaitCancelled": grpc.unary_unary_rpc_method_handler(await_one(cancelled)),
    "Metadata": grpc.unary_unary_rpc_method_handler(
        lambda r, c: str(dict(c.invocation_metadata()).get(r.decode(), "")).encode()),
    "Remaining": grpc.unary_unary_rpc_method_handler(lambda r, c: str(int(c.time_remaining() * 1000)).encode()),
    "Count": grpc.unary_stream_rpc_method_handler(count),
    "Endless": grpc.unary_stream_rpc_method_handler(endless),
    "Sum": grpc.stream_unary_rpc_method_handler(total),
    "Chat": grpc.stream_stream_rpc_method_handler(chat),
}

end_with_parent()
server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), options=[
    ("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)])
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
if len(sys.argv) > 1:
    authority, certificate, key = [open(path, "rb").read() for path in sys.argv[1:4]]
    credentials = grpc.ssl_server_credentials([(key, certificate)], authority, True)
    port = server.add_secure_port("127.0.0.1:0", credentials)
else:
    port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(f"PORT {port}", flush=True)
server.wait_for_termination()
