// The file that lists what a job could not do: written whole under another name, then put in its place.

import CLinux
import Glibc
import Ring
import Scheduler

/// A job's list of failed files on disk.
struct FailedListFile: Sendable {
  /// Failed files read from the store at a time.
  private static let pageSize = 1000

  private let directory: String
  private let record: JobRecord

  /// The list of a job that has ended, in `directory`.
  init(directory: String, record: JobRecord) {
    self.directory = directory
    self.record = record
  }

  /// Its usual name, which another job's list may have: of another kind of job, of a path that differs in `_`, in the same second.
  private var path: String { "\(directory)/\(FailedList.name(of: record))" }
  /// Its name then.
  private var ownPath: String { "\(path)_\(record.id)" }
  private var temporary: String { "\(path).\(record.id).part" }

  /// Writes what `store` has of the job's failures; blocks.
  ///
  /// - Returns: where it is, or why it is not.
  func write(from store: any JobStore) -> Result<String, StartError> {
    do throws(StartError) {
      try WorkDirectory.make(
        directory, key: "alluxio.master.dora.load.job.failed.file.list.dir")
      let temporary = temporary
      let fd = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      guard fd >= 0 else { throw Self.failure(temporary) }
      defer { close(fd) }
      try copy(from: store, to: fd, temporary)
      guard fsync(fd) == 0 else { throw Self.failure(temporary) }
      if unsafe pen_renameat(AT_FDCWD, temporary, AT_FDCWD, path, true) == 0 {
        return .success(path)
      }
      // The name is taken, or the file system knows no such renaming.
      guard unsafe rename(temporary, ownPath) == 0 else { throw Self.failure(temporary) }
      return .success(ownPath)
    } catch { return .failure(error) }
  }

  /// Removes the list, and what a crash left half written; blocks.
  ///
  /// Returns whether there is none any more.
  @discardableResult
  func remove() -> Bool {
    // Without a word of it in the record, the usual name may be another job's.
    var isGone = true
    for name in [record.failedListPath ?? ownPath, temporary] {
      if unsafe unlink(name) != 0, errno != ENOENT { isGone = false }
    }
    return isGone
  }

  private func copy(
    from store: any JobStore, to fd: Int32, _ name: String
  ) throws(StartError) {
    var first: UInt64 = 0
    while true {
      let files: [FailedFile]
      do throws(SchedulerError) {
        files = try store.failures(of: record.id, from: first, limit: Self.pageSize)
      } catch { throw StartError(.system, "\(error)") }
      if files.isEmpty { return }
      first += UInt64(files.count)
      var bytes = Array(files.map { FailedList.line($0) }.joined().utf8)[...]
      while !bytes.isEmpty {
        // SAFETY: the slice's bytes live for the call and are as many as it is told.
        let count = unsafe bytes.withUnsafeBytes {
          unsafe Glibc.write(fd, $0.baseAddress, $0.count)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw Self.failure(name) }
        bytes = bytes.dropFirst(count)
      }
    }
  }

  private static func failure(_ path: String) -> StartError {
    StartError(.directory, "\(path): \(errnoText(errno))")
  }
}
