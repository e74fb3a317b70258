// What identifies the content of a file of HDFS.
//
//   token = mtime_ms - length - file id
//
// A file's number is never used again, so that a file that took another's name is told from it. Files grow or are cut at
// their end and never change in between: a write that is not an append is a cut first. Both end with a new modification
// time. The bytes of a version that is being appended to stay what they are; they are not called settled while a writer
// has the file open. `docs/adr/0011` has the rest.

import Model

/// Versions of files of HDFS.
enum HDFSVersion {
  /// The version of a file with this status.
  static func version(of status: HDFSStatus) -> FileVersion {
    FileVersion(
      token: "\(status.modificationTime)-\(status.length)-\(status.fileID)", length: status.length)
  }
}
