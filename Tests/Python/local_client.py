"""A client of the domain socket in nothing but the standard library: finds the worker's socket, leases a file's pages, prints what it saw.

usage: local_client.py DIRECTORY WORKER_HOST WORKER_PORT PATH
Prints one JSON object: whether the host's name is the worker's, whether its port can be reached, the socket found, the mode and the bytes.
"""

import array
import hashlib
import json
import mmap
import os
import socket
import struct
import sys

directory, host, port, path = sys.argv[1:]
found = {"sameHost": socket.gethostname() == host}
try:
    socket.create_connection(("127.0.0.1", int(port)), timeout=2).close()
    found["reachable"] = True
except OSError:
    found["reachable"] = False
name = [entry for entry in os.listdir(directory) if len(entry) == 36][0]
found["socket"] = name
client = socket.socket(socket.AF_UNIX)
client.connect(os.path.join(directory, name))
client.settimeout(20)
descriptors = array.array("i")
data = b""
regions = {}


def send(kind, request, body):
    client.sendall(struct.pack("<IHHQ", len(body), kind, 0, request) + body)


def frame():
    global data
    while True:
        if len(data) >= 16:
            length, kind, _, _ = struct.unpack("<IHHQ", data[:16])
            if len(data) >= 16 + length:
                body, data = data[16 : 16 + length], data[16 + length :]
                if kind != 0xC0:
                    return kind, body
                # REGION may come at any time behind WELCOME, whose lease table is the first descriptor.
                regions[struct.unpack("<H", body[:2])[0]] = mmap.mmap(
                    descriptors.pop(1), struct.unpack("<Q", body[8:16])[0], mmap.MAP_SHARED, mmap.PROT_READ)
                continue
        more, ancillary, _, _ = client.recvmsg(65536, socket.CMSG_SPACE(16))
        if not more:
            sys.exit("the worker ended the connection")
        for _, _, rights in ancillary:
            descriptors.frombytes(rights)
        data += more


worker = bytes.fromhex(name.replace("-", ""))
send(1, 1, b"PENSHORT" + struct.pack("<HHIQ", 1, 1, 64, 0) + worker + struct.pack("<H", 0))
kind, body = frame()
if kind != 0x81:
    sys.exit(f"HELLO was answered by {kind:#x}: {body!r}")
found["mode"] = ["shared", "copy"][struct.unpack("<HH", body[:4])[1]]
send(2, 2, struct.pack("<HHI", 0, len(path), 0) + path.encode())
kind, body = frame()
if kind != 0x82:
    sys.exit(f"OPEN was answered by {kind:#x}: {body!r}")
handle, _, length = struct.unpack("<IIQ", body[:16])
page_size = struct.unpack("<I", body[40:44])[0]
send(4, 3, struct.pack("<IIIII", handle, 0, 1, 0, (length + page_size - 1) // page_size))
digest = hashlib.sha256()
left = 1
while left:
    kind, body = frame()
    if kind != 0x84:
        sys.exit(f"LEASE was answered by {kind:#x}")
    left = struct.unpack("<I", body[4:8])[0]
    for place in range(8, len(body), 32):
        _, _, _, region, code, _, offset, count, _ = struct.unpack("<IIIHBBQII", body[place : place + 32])
        if code:
            sys.exit(f"a page was refused with {code}")
        digest.update(regions[region][offset : offset + count])
found["sha256"] = digest.hexdigest()
print(json.dumps(found))
