// What statx(2) says, as values.

import CLinux
import Glibc
import Model

/// The status of something on a local file system.
struct LocalStatus: Sendable, Hashable {
  /// What it is.
  enum Kind: Sendable, Hashable { case file, directory, link, special }

  /// What it is.
  let kind: Kind
  /// Bytes.
  let length: Int64
  /// The low 12 bits of st_mode.
  let mode: UInt16
  /// Nanoseconds since the epoch; clamped to what 64 bits hold.
  let modificationTime, changeTime, accessTime, creationTime: Int64
  /// Inode number on `device`.
  let inode: UInt64
  /// The file system.
  let device: UInt64
  /// Owner and group.
  let user, group: UInt32

  /// Takes what the kernel filled in.
  init(_ raw: statx) {
    kind =
      switch UInt32(raw.stx_mode) & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .directory
      case S_IFLNK: .link
      default: .special
      }
    length = Int64(clamping: raw.stx_size)
    mode = raw.stx_mode & 0o7777
    modificationTime = Self.nanoseconds(raw.stx_mtime)
    changeTime = Self.nanoseconds(raw.stx_ctime)
    accessTime = Self.nanoseconds(raw.stx_atime)
    creationTime = raw.stx_mask & UInt32(STATX_BTIME) == 0 ? 0 : Self.nanoseconds(raw.stx_btime)
    inode = raw.stx_ino
    device = UInt64(raw.stx_dev_major) << 32 | UInt64(raw.stx_dev_minor)
    user = raw.stx_uid
    group = raw.stx_gid
  }

  /// The version of a file with this status.
  var version: FileVersion { LocalVersion.version(of: self) }

  private static func nanoseconds(_ time: statx_timestamp) -> Int64 {
    let (seconds, overflow) = time.tv_sec.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return time.tv_sec < 0 ? .min : .max }
    let (sum, carry) = seconds.addingReportingOverflow(Int64(time.tv_nsec))
    return carry ? .max : sum
  }
}
