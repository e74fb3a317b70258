// What a job is about.

/// The files of a job.
package enum JobTarget: Equatable, Sendable {
  /// Files and directories, at least one.
  case paths([String])
  /// A file with one path a line.
  case index(String)
  /// From one place to another.
  case transfer(source: String, destination: String)
  /// From one place to another, the files that an index names, each below `source`.
  case indexedTransfer(index: String, source: String, destination: String)

  /// Whether an index names the files.
  package var isIndex: Bool {
    switch self {
    case .index, .indexedTransfer: true
    case .paths, .transfer: false
    }
  }
}
