// The endpoints of the worker's REST port and how a request's path finds one (compat §2.4, §2.9).

/// An endpoint of the REST port.
package enum RESTEndpoint: String, CaseIterable, Sendable {
  /// Which worker to talk to.
  case node
  /// The children of a directory.
  case files
  /// The status of one path.
  case info
  /// Load jobs.
  case load
  /// Whether the worker answers.
  case health
  /// The mounts by UFS root.
  case ufsInfo
  /// A whole file, out or in.
  case chunk
  /// One page of a file, out or in.
  case page
  /// A range of a file.
  case range
  /// The first bytes of a file.
  case head
  /// The last bytes of a file.
  case tail
  /// Makes a directory.
  case mkdir
  /// Makes an empty file.
  case touch
  /// Renames.
  case mv
  /// Copies.
  case copy
  /// Removes, from the UFS or from the cache alone.
  case rm

  /// Path as the documentation writes it.
  package var pattern: String {
    switch self {
    case .node, .files, .info, .load, .health, .ufsInfo: "/v1/\(rawValue)"
    case .page: "/v1/file/{id}/page/{index}"
    case .chunk, .range, .head, .tail, .mkdir, .touch, .mv, .copy, .rm: "/v1/\(rawValue)/{id}"
    }
  }

  /// Methods the endpoint answers; HEAD goes with GET, and PUT of a page is a POST.
  package var methods: [String] {
    switch self {
    case .node, .files, .info, .load, .health, .ufsInfo, .range, .head, .tail: ["GET", "HEAD"]
    case .chunk: ["GET", "HEAD", "POST"]
    case .page: ["GET", "HEAD", "POST", "PUT"]
    case .mkdir, .touch, .mv, .copy, .rm: ["POST"]
    }
  }

  /// Names that may follow the pasted path of the endpoint; anything else there is part of the name.
  package var trailingParameters: Set<String> {
    switch self {
    case .chunk: ["chunkSize"]
    case .page, .range: ["offset", "length"]
    case .head, .tail: ["numOfBytes"]
    case .mkdir, .touch: ["exists", "recursive"]
    case .copy:
      ["recursive", "recursiveAlias", "forced", "thread", "buffer_size", "preserve"]
    case .rm:
      [
        "recursive", "recursiveAlias", "sync_parent_next_time", "remove_unchecked_option",
        "remove_alluxio_only", "delete_mount_point",
      ]
    case .mv, .node, .files, .info, .load, .health, .ufsInfo: []
    }
  }
}
