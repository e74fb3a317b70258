// What the kernel says of a directory and the file system under it.

import CLinux
import Glibc

/// `path` without symbolic links, or nil when it does not exist.
func realPath(_ path: String) -> String? {
  // SAFETY: realpath allocates the text when it is given no room, and free takes it back.
  guard let text = unsafe realpath(path, nil) else { return nil }
  defer { unsafe free(text) }
  return unsafe String(cString: text)
}

/// The names in the directory at `path` in alphabetic order, without the two dots; none when it cannot be read.
func directoryEntries(_ path: String) -> [String] {
  guard let directory = unsafe opendir(path) else { return [] }
  defer { unsafe closedir(directory) }
  var names: [String] = []
  while let entry = unsafe readdir(directory) {
    // SAFETY: the kernel ends the name with a zero inside the entry.
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// A directory's identity and the space of its file system.
struct DirectoryFacts: Equatable {
  /// What tells two directories apart, whatever their paths.
  struct Identity: Hashable {
    var device: UInt64
    var inode: UInt64
  }

  /// Path without symbolic links.
  let path: String
  let identity: Identity
  /// Bytes of the file system, and those that may still be used.
  let capacity: Int64
  let free: Int64
  /// The file system's kind as statfs(2) numbers it.
  let kind: Int64
  /// Bytes on disk that the volume's own file has already.
  let ownBytes: Int64

  /// The facts of the directory at `path`, whose volume keeps its bytes in `file`; nil when it cannot be asked.
  init?(_ path: String, file: String) {
    guard let real = realPath(path), let identity = Self.identity(of: real) else { return nil }
    self.path = real
    self.identity = identity
    var space = statvfs()
    guard unsafe statvfs(real, &space) == 0, case let kind = unsafe pen_filesystem_kind(real),
      kind >= 0
    else { return nil }
    self.kind = kind
    capacity = Self.product(UInt64(space.f_blocks), UInt64(space.f_frsize))
    free = Self.product(UInt64(space.f_bavail), UInt64(space.f_frsize))
    var status = stat()
    let isThere =
      unsafe lstat("\(real)/\(file)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    ownBytes = isThere ? Self.product(UInt64(max(0, status.st_blocks)), 512) : 0
  }

  /// The identity of the directory at `path`, or nil when there is none.
  static func identity(of path: String) -> Identity? {
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// The identities of the directories above it, up to the root.
  var ancestors: [Identity] {
    var ancestors: [Identity] = []
    var rest = path[...]
    while let slash = rest.lastIndex(of: "/") {
      rest = rest[..<slash]
      if let identity = Self.identity(of: rest.isEmpty ? "/" : String(rest)) {
        ancestors.append(identity)
      }
    }
    return ancestors
  }

  /// The file system's name when pages do not belong there, or nil.
  var unsuitableKind: String? {
    switch kind {
    case 0x0102_1994: "tmpfs"
    case 0x8584_58F6: "ramfs"
    case 0x794C_7630: "overlayfs"
    case 0x6969: "NFS"
    case 0xFF53_4D42, 0xFE53_4D42: "SMB"
    case 0x6573_5546: "FUSE"
    default: nil
    }
  }

  /// Whether its bytes are memory.
  var isMemory: Bool { kind == 0x0102_1994 || kind == 0x8584_58F6 }

  private static func product(_ left: UInt64, _ right: UInt64) -> Int64 {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? .max : Int64(clamping: product)
  }
}
