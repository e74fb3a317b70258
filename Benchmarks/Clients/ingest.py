"""Fetches one object with a Python S3 client, as fast as that client can.

usage: ingest.py minio|crt ENDPOINT BUCKET KEY SIZE TARGET

Prints `SECONDS CPU`: of the transfer alone, without the interpreter's start.
"""

import os
import sys
import time

PART = 16 << 20
STREAMS = 8


def minio(endpoint, bucket, key, size, target):
    """Eight ranged GETs at a time, written into the file in place."""
    from concurrent.futures import ThreadPoolExecutor

    from minio import Minio
    import urllib3

    pool = urllib3.PoolManager(maxsize=STREAMS)
    client = Minio(endpoint, access_key="a", secret_key="b", secure=False, region="us-east-1",
                   http_client=pool)

    def part(offset):
        length = min(PART, size - offset)
        reply = client.get_object(bucket, key, offset=offset, length=length)
        try:
            for chunk in reply.stream(1 << 20):
                os.pwrite(file, chunk, offset)
                offset += len(chunk)
        finally:
            reply.close()
            reply.release_conn()
        return length

    def work():
        nonlocal file
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with ThreadPoolExecutor(STREAMS) as threads:
            total = sum(threads.map(part, range(0, size, PART)))
        os.close(file)
        return total

    file = -1
    return work


def crt(endpoint, bucket, key, size, target):
    """The AWS CRT client, which cuts the object by itself and writes the file by itself."""
    from awscrt.auth import AwsCredentialsProvider
    from awscrt.http import HttpHeaders, HttpRequest
    from awscrt.io import ClientBootstrap, DefaultHostResolver, EventLoopGroup
    from awscrt.s3 import S3Client, S3RequestTlsMode, S3RequestType

    group = EventLoopGroup()
    bootstrap = ClientBootstrap(group, DefaultHostResolver(group))
    client = S3Client(
        bootstrap=bootstrap, region="us-east-1", tls_mode=S3RequestTlsMode.DISABLED,
        credential_provider=AwsCredentialsProvider.new_static("a", "b"), part_size=PART,
        throughput_target_gbps=40.0)

    def work():
        headers = HttpHeaders([("host", endpoint)])
        request = HttpRequest("GET", f"/{bucket}/{key}", headers)
        client.make_request(
            type=S3RequestType.GET_OBJECT, request=request,
            recv_filepath=target).finished_future.result()
        return os.path.getsize(target)

    return work


def main():
    name, endpoint, bucket, key, size, target = sys.argv[1:]
    work = {"minio": minio, "crt": crt}[name](endpoint, bucket, key, int(size), target)
    start, cpu = time.monotonic(), time.process_time()
    total = work()
    seconds, used = time.monotonic() - start, time.process_time() - cpu
    if total != int(size):
        sys.exit(f"{total} bytes came")
    print(seconds, used)


main()
