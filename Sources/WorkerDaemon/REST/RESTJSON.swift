// The status object of compat §2.5 and the small bodies of the REST port.

package import Model

/// JSON bodies of the REST port.
package enum RESTJSON {
  /// `{"message":"…"}`.
  package static func message(_ text: String) -> [UInt8] {
    JSONWriter.object { $0.member("message", text) }
  }

  /// `{"success":true,"message":""}`.
  package static let success: [UInt8] = JSONWriter.object {
    $0.member("success", true)
    $0.member("message", "")
  }

  /// `{"Host":"…","HttpServerPort":…}`.
  package static func node(host: String, port: UInt16) -> [UInt8] {
    JSONWriter.object {
      $0.member("Host", host)
      $0.member("HttpServerPort", port)
    }
  }

  /// Writes the status object of a path.
  ///
  /// - Parameters:
  ///   - status: what the UFS says.
  ///   - alluxioPath: the path in the namespace, not encoded; it is sent percent-encoded by segment because
  ///     clients paste it into URLs.
  ///   - residentBytes: bytes of this version that are cached.
  ///   - writer: takes the object.
  package static func status(
    _ status: FileStatus, alluxioPath: String, residentBytes: Int64, to writer: inout JSONWriter
  ) {
    let isFile = status.kind == .file
    writer.object {
      $0.member("mType", isFile ? "file" : "directory")
      $0.member("mName", UFSPathText.name(of: alluxioPath))
      $0.member("mPath", PathCoding.encodePath(alluxioPath))
      $0.member("mUfsPath", status.ufsPath)
      $0.member("mLength", isFile ? status.length : 0)
      $0.member("mHumanReadableFileSize", SizeText.print(isFile ? status.length : 0))
      $0.member("mCompleted", true)
      $0.member("mOwner", status.owner)
      $0.member("mGroup", status.group)
      $0.member("mMode", mode(status))
      $0.member("mCreationTimeMs", milliseconds(status.creationTime))
      $0.member("mLastModificationTimeMs", milliseconds(status.modificationTime))
      $0.member("mLastAccessTimeMs", milliseconds(status.accessTime))
      $0.member("mPersisted", true)
      $0.member("mInAlluxioPercentage", percentage(residentBytes, of: status))
      $0.member("mContentHash", contentHash(status))
    }
  }

  /// Milliseconds of nanoseconds since the epoch, rounded down.
  private static func milliseconds(_ nanoseconds: Int64) -> Int64 {
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// Ten characters as `ls -l` prints them.
  private static func mode(_ status: FileStatus) -> String {
    var text = status.kind == .directory ? "d" : "-"
    for shift in [6, 3, 0] {
      let bits = status.mode >> UInt16(shift)
      text += bits & 4 != 0 ? "r" : "-"
      text += bits & 2 != 0 ? "w" : "-"
      text += bits & 1 != 0 ? "x" : "-"
    }
    return text
  }

  /// Whole percent of the file that is cached, rounded down; an empty file is all cached.
  private static func percentage(_ resident: Int64, of status: FileStatus) -> Int64 {
    guard status.kind == .file else { return 0 }
    guard status.length > 0 else { return 100 }
    return min(100, RateText.percentFloor(resident, of: status.length))
  }

  /// The entity tag without its quotes; empty for a directory.
  private static func contentHash(_ status: FileStatus) -> String {
    String(status.version?.entityTag.filter { $0 != "\"" } ?? "")
  }
}
