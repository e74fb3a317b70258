// What a test is to do, as values: the command line fills them, the JSON report repeats them.

import Model

/// The wishes of one invocation.
package struct UFSIOTestPlan: Sendable {
  /// Which halves of the test run.
  package enum Mode: String, Sendable, CaseIterable {
    /// Write, read back, delete.
    case writeRead = "write-read"
    /// Write, and leave the files.
    case write
    /// Read what an earlier run left, and leave it.
    case read
    /// Count everything below the path, and do nothing else.
    case list
  }

  /// The UFS URI or absolute local path, as given.
  package var path: String
  /// Bytes of each stream, and as they were given.
  package var size: Int64 = 4 << 30
  package var sizeText = "4G"
  /// Operations in flight, one for each stream.
  package var streamCount = 4
  /// Bytes of each operation.
  package var bufferSize = 1 << 20
  /// Options of the mount.
  package var options: [String: String] = [:]
  /// What the configuration says of under file systems: the defaults of the options; may hold credentials.
  package var settings: [String: String] = [:]
  /// Part of the files' names.
  package var taskID = "local-task-0"
  /// Which halves run.
  package var mode = Mode.writeRead
  /// Whether every byte read is compared.
  package var verifies = true
  /// Rings to run on.
  package var ringCount = 1
  /// Whether the medium is measured beside it, and how often both take their turn.
  package var measuresCeiling = false
  package var roundCount = 3
  /// The programs that read the same files in turn.
  package var comparisons: [Comparison] = []

  /// A plan for `path` with every default.
  package init(path: String) { self.path = path }

  /// Bytes of all streams.
  var totalSize: Int64 { size * Int64(streamCount) }

  /// The directory of the files below the root.
  static let directory = "UfsIOTest"

  /// The path of a stream's file below the root.
  func file(_ index: Int) -> String { "\(Self.directory)/io-benchmark-\(taskID)-\(index)" }
}
