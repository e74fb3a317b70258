// What lies where a volume was: its place is looked at after its file went, until something there can be opened.

import Glibc
import PageStore
import Ring

/// What was found at a volume's place.
enum VolumeReturn: Sendable, Equatable {
  /// Something that may be opened, or made: when two looks find the same, nobody is writing it any more.
  case possible(Mark)
  /// Nothing that may be used; why, and what to do.
  case refused(String)

  /// What tells a file of pages from another, and from itself while it is being copied.
  struct Mark: Sendable, Equatable {
    /// The file's device, inode and size, the seconds and nanoseconds of its last change; zeros when there is none.
    var numbers: [Int64]
  }

  /// Looks at the place of the volume at `path`; blocks.
  init(path: String, _ known: KnownVolumes) {
    if let text = known.absence(of: path) {
      self = .refused(text)
      return
    }
    guard let directory = realPath(path) else {
      self = .refused("\(path) cannot be asked: \(errnoText(errno))")
      return
    }
    var status = stat()
    if unsafe stat("\(directory)/\(TierCheck.pagesFile)", &status) == 0 {
      self = .possible(
        Mark(numbers: [
          Int64(truncatingIfNeeded: status.st_dev), Int64(truncatingIfNeeded: status.st_ino),
          Int64(status.st_size), Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
        ]))
    } else if errno != ENOENT {
      self = .refused("\(path) cannot be asked: \(errnoText(errno))")
    } else if let refusal = known.refusal(path: path, directory: directory) {
      self = .refused(refusal.sentence)
    } else {
      self = .possible(Mark(numbers: [0, 0, 0, 0, 0]))
    }
  }
}
