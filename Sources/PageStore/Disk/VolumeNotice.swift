// What an operator should know of a volume that opened.

/// Something about a volume that opened, for the log.
package enum VolumeNotice: Sendable, Equatable, CustomStringConvertible {
  /// A new volume was made.
  case created(path: String, bytes: Int)
  /// The quota is larger than before: the volume grew.
  case grown(path: String, from: Int, to: Int)
  /// The quota is smaller than before: pages beyond the new end are dropped.
  case shrunk(path: String, from: Int, to: Int)
  /// One of the two superblocks was bad, or older than the other, and is written anew.
  case superblockRepaired(path: String)
  /// The file was shorter than its superblock says; what lay beyond its end is dropped.
  case truncated(path: String, missing: Int)
  /// The log could not be read and lies aside; the volume starts empty.
  case logMovedAside(path: String, movedTo: String, reason: String)
  /// A log that was moved aside long ago was removed: at most two are kept.
  case oldLogRemoved(path: String)
  /// A file or directory that is not the volume's; it is left alone.
  case foreign(path: String)
  /// The file system has no direct I/O: bytes go through the page cache.
  case buffered(path: String)
  /// The file system cannot reserve space: a full disk will show only when pages are written.
  case notReserved(path: String)
  /// The file system has little room left for the log beside the pages.
  case noRoomForLog(path: String, free: Int, needed: Int)

  /// True when pages were lost or a disk may be failing: what an operator should look at.
  package var isWarning: Bool {
    switch self {
    case .superblockRepaired, .truncated, .logMovedAside, .oldLogRemoved, .noRoomForLog: true
    case .created, .grown, .shrunk, .foreign, .buffered, .notReserved: false
    }
  }

  package var description: String {
    switch self {
    case .created(let path, let bytes): "\(path): new volume of \(bytes) bytes"
    case .grown(let path, let from, let to): "\(path): grew from \(from) to \(to) bytes"
    case .shrunk(let path, let from, let to):
      "\(path): shrank from \(from) to \(to) bytes; pages beyond are dropped"
    case .superblockRepaired(let path):
      "\(path): one of two superblocks was bad or old and is repaired"
    case .truncated(let path, let missing):
      "\(path): \(missing) bytes were cut off; the pages there are dropped"
    case .logMovedAside(_, let movedTo, let reason):
      "\(reason): the page log cannot be used; it was moved to \(movedTo) and the volume starts empty"
    case .oldLogRemoved(let path):
      "\(path): an old damaged page log is removed, newer ones are kept"
    case .foreign(let path): "\(path): not Penstock's, left alone"
    case .buffered(let path): "\(path): the file system has no direct I/O, the page cache is used"
    case .notReserved(let path): "\(path): the file system cannot reserve space in advance"
    case .noRoomForLog(let path, let free, let needed):
      "\(path): its file system has \(free) bytes left, and the page log may need \(needed): free some, or lower"
        + " the volume's quota (alluxio.worker.page.store.sizes); on a full disk no page is added"
    }
  }
}
