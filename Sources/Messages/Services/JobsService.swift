// The methods of `penstock.v1.Jobs`.

package import RPC

/// The job service of a coordinator.
package enum JobsService {
  /// Its full name.
  package static let name = "penstock.v1.Jobs"

  /// Stores a job and queues it; one of the same type and source that has not ended is returned as it is.
  package static let submit = RPCMethod<WireSubmitRequest, WireSubmitResponse>(
    "/penstock.v1.Jobs/Submit", isIdempotent: true)
  /// Where a job stands.
  package static let progress = RPCMethod<WireProgressRequest, WireProgressResponse>(
    "/penstock.v1.Jobs/Progress", isIdempotent: true)
  /// Where a job stands, again at each change, until it has ended.
  package static let watch = RPCMethod<WireWatchRequest, WireProgressResponse>(
    "/penstock.v1.Jobs/Watch")
  /// Ends a job.
  package static let stop = RPCMethod<WireStopRequest, WireStopResponse>(
    "/penstock.v1.Jobs/Stop", isIdempotent: true)
  /// Jobs, page by page.
  package static let list = RPCMethod<WireListRequest, WireListResponse>(
    "/penstock.v1.Jobs/List", isIdempotent: true)
  /// Jobs that hold a file.
  package static let find = RPCMethod<WireFindRequest, WireFindResponse>(
    "/penstock.v1.Jobs/Find", isIdempotent: true)
  /// Puts a job that has ended back into the queue.
  package static let rerun = RPCMethod<WireRerunRequest, WireRerunResponse>(
    "/penstock.v1.Jobs/Rerun")
}
