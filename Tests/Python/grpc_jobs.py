"""Uses a coordinator's job service as any gRPC client may that knows nothing of it: by reflection.

usage: grpc_jobs.py TARGET FOLDER FILES

FOLDER is a UFS path with FILES good files below `good` and one file `lonely`. Prints one line for each check: `ok NAME`, or
`FAIL NAME: reason`.
"""
import sys
import traceback

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

TARGET, FOLDER, FILES = sys.argv[1], sys.argv[2], int(sys.argv[3])
SECONDS = 60
CHANNEL = grpc.insecure_channel(TARGET, [("grpc.enable_http_proxy", 0)])
DATABASE = ProtoReflectionDescriptorDatabase(CHANNEL)
POOL = descriptor_pool.DescriptorPool(DATABASE)
SERVICE = POOL.FindServiceByName("penstock.v1.Jobs")
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def message(name, **fields):
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName("penstock.v1." + name))(**fields)


def number(enumeration, name):
    return POOL.FindEnumTypeByName("penstock.v1." + enumeration).values_by_name[name].number


def call(name, request):
    method = SERVICE.methods_by_name[name]
    answer = message_factory.GetMessageClass(method.output_type)
    make = CHANNEL.unary_stream if name == "Watch" else CHANNEL.unary_unary
    return make(f"/penstock.v1.Jobs/{name}", request_serializer=lambda m: m.SerializeToString(),
                response_deserializer=answer.FromString)(request, timeout=SECONDS)


def fails(code, name, request):
    try:
        list(call(name, request)) if name == "Watch" else call(name, request)
    except grpc.RpcError as error:
        assert error.code() == code, (error.code(), error.details())
        return error.details()
    raise AssertionError(f"no {code}")


def load(path, **options):
    source = message("JobSource", paths=[path], alias=options.pop("alias", ""))
    return message("SubmitRequest", source=source, load=message("LoadOptions", **options))


def job(**fields):
    return message("JobReference", **fields)


LOAD = number("JobType", "JOB_TYPE_LOAD")
SUCCEEDED = number("JobState", "JOB_STATE_SUCCEEDED")
FAILED = number("JobState", "JOB_STATE_FAILED")
KNOWN = {}


@check
def services_are_listed():
    names = set(DATABASE.get_services())
    assert {"penstock.v1.Jobs", "penstock.v1.Registry", "grpc.health.v1.Health"} <= names, names


@check
def a_load_is_watched_to_its_end_with_exact_counts():
    submitted = call("Submit", load(f"{FOLDER}/good", alias="nightly", batch_size=5))
    assert submitted.is_new and submitted.job_id and submitted.alias == "nightly", submitted
    KNOWN["load"] = submitted.job_id
    seen = list(call("Watch", message("WatchRequest", job=job(job_id=submitted.job_id), interval_milliseconds=20)))
    for progress in seen:
        counts = progress.counts
        settled = counts.done_files + counts.skipped_files + counts.failed_files + counts.in_flight_files
        assert counts.listed_files == settled, counts
    last = seen[-1]
    assert last.state == SUCCEEDED and last.is_listing_complete, last
    assert (last.counts.listed_files, last.counts.done_files) == (FILES, FILES), last.counts
    assert last.submitted_at <= last.started_at <= last.ended_at, last
    assert last.load.batch_size == 5 and last.source.alias == "nightly", last


@check
def a_job_is_named_by_id_alias_and_path():
    for reference in [job(job_id=KNOWN["load"]), job(type=LOAD, alias="nightly"),
                      job(type=LOAD, path=f"{FOLDER}/good")]:
        progress = call("Progress", message("ProgressRequest", job=reference))
        assert progress.job_id == KNOWN["load"], progress
    for reference in [job(job_id="00000000-0000-7000-8000-000000000000"), job(type=LOAD, path=f"{FOLDER}/other")]:
        fails(grpc.StatusCode.NOT_FOUND, "Progress", message("ProgressRequest", job=reference))
    for reference in [job(), job(alias="nightly"), job(job_id="x"), job(type=LOAD)]:
        fails(grpc.StatusCode.INVALID_ARGUMENT, "Progress", message("ProgressRequest", job=reference))


@check
def failed_files_come_with_their_reasons():
    source = message("JobSource", paths=[f"{FOLDER}/good/f0", f"{FOLDER}/missing"])
    submitted = call("Submit", message("SubmitRequest", source=source, load=message("LoadOptions")))
    last = list(call("Watch", message("WatchRequest", job=job(job_id=submitted.job_id), interval_milliseconds=20)))[-1]
    assert last.state == FAILED and last.failure, last
    failure = number("FileState", "FILE_STATE_FAILURE")
    progress = call("Progress", message("ProgressRequest", job=job(job_id=submitted.job_id), file_state=failure))
    assert [file.path for file in progress.files] == [f"{FOLDER}/missing"], progress
    assert progress.files[0].message and not progress.next_page_token, progress
    found = call("Find", message("FindRequest", file=f"{FOLDER}/missing"))
    assert [(one.job.job_id, one.file.state) for one in found.jobs] == [(submitted.job_id, failure)], found
    success = number("FileState", "FILE_STATE_SUCCESS")
    fails(grpc.StatusCode.INVALID_ARGUMENT, "Progress",
          message("ProgressRequest", job=job(job_id=submitted.job_id), file_state=success))


@check
def jobs_are_listed_in_pages():
    first = call("List", message("ListRequest", page_size=1))
    assert len(first.jobs) == 1 and first.next_page_token, first
    assert first.jobs[0].job_id == KNOWN["load"] and first.jobs[0].path == f"{FOLDER}/good", first
    assert first.total == 2, first
    rest = call("List", message("ListRequest", page_token=first.next_page_token))
    assert len(rest.jobs) == 1 and not rest.next_page_token and rest.total == 0, rest
    failed = call("List", message("ListRequest", state=FAILED))
    assert [one.state for one in failed.jobs] == [FAILED] and failed.total == 1, failed
    fails(grpc.StatusCode.INVALID_ARGUMENT, "List", message("ListRequest", page_token="x"))


@check
def a_job_is_stopped_once():
    submitted = call("Submit", load(f"{FOLDER}/lonely", bandwidth=1))
    again = call("Submit", load(f"{FOLDER}/lonely", bandwidth=1))
    assert again.job_id == submitted.job_id and not again.is_new, again
    reference = message("StopRequest", job=job(job_id=submitted.job_id))
    assert call("Stop", reference).job_id == submitted.job_id
    fails(grpc.StatusCode.NOT_FOUND, "Stop", reference)
    stopped = call("Progress", message("ProgressRequest", job=job(job_id=submitted.job_id)))
    assert stopped.state == number("JobState", "JOB_STATE_STOPPED"), stopped


@check
def what_makes_no_sense_is_refused():
    for request in [
            message("SubmitRequest"), load(f"{FOLDER}/good", replicas=1000), load("gopher://x/y"), load(""),
            load(f"{FOLDER}/good", file_filter_regex="["),
            message("SubmitRequest", source=message("JobSource", paths=["/a"], index_file="/b"),
                    load=message("LoadOptions")),
            message("SubmitRequest", source=message("JobSource", paths=[FOLDER]), copy=message("TransferOptions")),
            message("SubmitRequest", source=message("JobSource", paths=[FOLDER]),
                    free=message("FreeOptions", worker="a"))]:
        details = fails(grpc.StatusCode.INVALID_ARGUMENT, "Submit", request)
        assert details and "\n" not in details, details
    details = fails(grpc.StatusCode.UNAVAILABLE, "Rerun", message("RerunRequest", job=job(job_id=KNOWN["load"])))
    assert "ETCD is not enabled" in details, details


@check
def a_path_that_is_not_there_is_told_at_once_or_fails_the_job():
    missing = f"{FOLDER}/missing"
    source = message("JobSource", paths=[missing])
    request = message("SubmitRequest", source=source, load=message("LoadOptions"), check=True)
    reason = f"{missing}: no such file or directory"
    assert fails(grpc.StatusCode.NOT_FOUND, "Submit", request) == reason
    submitted = call("Submit", load(missing))
    last = list(call("Watch", message("WatchRequest", job=job(job_id=submitted.job_id), interval_milliseconds=20)))[-1]
    assert last.state == FAILED and last.failure.endswith(reason), last
    free = message("SubmitRequest", source=source, free=message("FreeOptions"), check=True)
    submitted = call("Submit", free)
    assert submitted.notice.startswith(reason), submitted
    last = list(call("Watch", message("WatchRequest", job=job(job_id=submitted.job_id), interval_milliseconds=20)))[-1]
    assert last.state == SUCCEEDED and last.notice == "nothing of it was in the cache", last
    submitted = call("Submit", load(f"{FOLDER}/good", file_filter_regex="none"))
    last = list(call("Watch", message("WatchRequest", job=job(job_id=submitted.job_id), interval_milliseconds=20)))[-1]
    assert last.state == SUCCEEDED and last.filtered_files == FILES, last
    assert last.notice == f"the filter kept none of {FILES} files", last


for function in CHECKS:
    try:
        function()
        print("ok", function.__name__, flush=True)
    except Exception as error:  # every failure is printed, whatever it is
        traceback.print_exc()
        print(f"FAIL {function.__name__}: {error!r}", flush=True)
