// What a path is, as any of the ways to it says.

import Glibc
import HTTPWire
import LocalWire
import Model

/// What a path is.
public struct ClientStatus: Sendable, Equatable {
  /// The path in the namespace; empty when it is not known.
  public var path = ""
  /// The path in the under file system; empty when it is not known.
  public var ufsPath = ""
  /// Whether it is a directory.
  public var isDirectory = false
  /// Bytes; 0 for a directory.
  public var length: Int64 = 0
  /// Last modification, milliseconds since 1970.
  public var modifiedAt: Int64 = 0
  /// The version's entity tag without quotes; empty for a directory.
  public var entityTag = ""
  /// Percent of it that is cached; -1 when it is not known.
  public var cachedPercentage: Int32 = -1

  /// The last component of the path.
  public var name: String {
    let whole = path.isEmpty ? ufsPath : path
    return whole.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) }
      ?? whole
  }
}

extension ClientStatus {
  /// What OPENED says of `path`.
  init(_ opened: OpenedFrame, path: String) {
    if path.hasPrefix("/") { self.path = path } else { ufsPath = path }
    isDirectory = opened.isDirectory
    length = opened.length
    modifiedAt = opened.modifiedAt
    entityTag = Self.unquoted(opened.entityTag)
  }

  /// What a status object of the REST interface says; nil when it is none.
  init?(_ object: JSONValue) {
    guard let type = object["mType"]?.text, let length = object["mLength"]?.integer, length >= 0
    else { return nil }
    isDirectory = type == "directory"
    self.length = isDirectory ? 0 : length
    let encoded = Array((object["mPath"]?.text ?? "").utf8)
    path = unsafe encoded.withUnsafeBytes { unsafe PercentCoding.text($0, mode: .lenient) } ?? ""
    ufsPath = object["mUfsPath"]?.text ?? ""
    modifiedAt = object["mLastModificationTimeMs"]?.integer ?? 0
    entityTag = object["mContentHash"]?.text ?? ""
    cachedPercentage = Int32(clamping: object["mInAlluxioPercentage"]?.integer ?? -1)
  }

  /// What the file system says of a local path.
  init(_ status: stat, ufsPath: String) {
    self.ufsPath = ufsPath
    isDirectory = status.st_mode & S_IFMT == S_IFDIR
    length = isDirectory ? 0 : Int64(status.st_size)
    modifiedAt =
      Int64(status.st_mtim.tv_sec) &* 1000 &+ Int64(status.st_mtim.tv_nsec) / 1_000_000
    if !isDirectory { entityTag = Self.entityTag(status) }
  }

  /// The tag that a worker gives to a local file with this status.
  private static func entityTag(_ status: stat) -> String {
    let modified = nanoseconds(status.st_mtim)
    let changed = nanoseconds(status.st_ctim)
    let version = FileVersion(
      token: "\(modified)-\(status.st_size)-\(status.st_ino)-\(changed)",
      length: max(0, Int64(status.st_size)))
    return unquoted(version.entityTag)
  }

  /// `tag` as REST interfaces give it, without the quotes of HTTP.
  private static func unquoted(_ tag: String) -> String {
    let quote = UInt8(ascii: "\"")
    guard tag.utf8.contains(quote) else { return tag }
    return String(decoding: tag.utf8.filter { $0 != quote }, as: UTF8.self)
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
