// Paths to descriptors, never outside the mount.
//
//   openat2(root, path, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)      almost always: one call, links inside followed
//      │ EXDEV: an absolute link, or one that leaves
//      ▼
//   follow the path here, link by link, with text only: an absolute target must begin with the root's own path
//      ▼
//   openat2(root, link-free path, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
//
// The last call opens nothing outside and follows no link, so whatever is swapped meanwhile, a descriptor it returns is
// inside the mount; a link swapped in is ELOOP, and the path is followed anew. Nothing outside is ever looked at, so
// an answer says nothing of what exists there. Blocking: runs on the pool.

import CLinux
import Glibc

/// Opens paths below one directory.
struct LocalResolver: Sendable {
  /// The flags of every lookup.
  static let beneath = UInt64(RESOLVE_BENEATH) | UInt64(RESOLVE_NO_MAGICLINKS)
  /// The flags of a lookup of a path that was followed already.
  private static let linkFree = beneath | UInt64(RESOLVE_NO_SYMLINKS)
  /// Symbolic links followed in one path, as in the kernel.
  private static let linkCountMax = 40
  /// Attempts against directories that are being replaced.
  private static let attemptCountMax = 16

  /// The root, opened with O_PATH; the owner of the resolver closes it.
  let root: Int32
  /// Paths by which absolute links may name the root: as configured, and with its links resolved.
  let rootNames: [[PathBytes]]

  /// Opens `path` as openat2(2) does.
  ///
  /// Returns a descriptor or -errno: -EXDEV for what is outside, -EAGAIN when
  /// directories on the path do not hold still.
  func open(_ path: PathBytes, flags: Int32, mode: UInt32 = 0) -> Int32 {
    for _ in 0..<Self.attemptCountMax {
      let fd = SystemCall.open(
        at: root, path.isEmpty ? [UInt8(ascii: ".")] : path, flags: flags, mode: mode,
        resolve: Self.beneath)
      // EAGAIN: something was renamed while `..` of a link was being crossed.
      if fd == -EAGAIN { continue }
      guard fd == -EXDEV else { return fd }
      let followed = follow(path, last: flags & O_NOFOLLOW == 0)
      guard case .success(let place) = followed else {
        if Self.result(of: followed) == -EAGAIN { continue }
        return Self.result(of: followed)
      }
      let again = openLinkFree(place, flags: flags, mode: mode)
      if again == -ELOOP || again == -EAGAIN { continue }
      return again
    }
    return -EAGAIN
  }

  /// Opens the directory that holds the last component of `path`, which is not followed.
  func openParent(_ path: PathBytes) -> (fd: Int32, name: PathBytes) {
    let cut = path.lastIndex(of: UInt8(ascii: "/"))
    let directory = cut.map { PathBytes(path[..<$0]) } ?? []
    let name = cut.map { PathBytes(path[($0 + 1)...]) } ?? path
    return (open(directory, flags: O_RDONLY | O_DIRECTORY | O_NONBLOCK), name)
  }

  /// As `openParent`, for the file that `path` leads to when its last component is a link.
  func openParentFollowing(_ path: PathBytes) -> (fd: Int32, name: PathBytes) {
    for _ in 0..<Self.attemptCountMax {
      let followed = follow(path, last: true)
      guard case .success(var place) = followed else {
        if Self.result(of: followed) == -EAGAIN { continue }
        return (Self.result(of: followed), [])
      }
      guard let name = place.popLast() else { return (-EISDIR, []) }
      let fd = openLinkFree(place, flags: O_RDONLY | O_DIRECTORY | O_NONBLOCK, mode: 0)
      if fd == -ELOOP || fd == -EAGAIN { continue }
      return (fd, name)
    }
    return (-EAGAIN, [])
  }

  private static func result(of followed: Result<[PathBytes], Errno>) -> Int32 {
    if case .failure(let error) = followed { return -error.number }
    return 0
  }

  private func openLinkFree(_ place: [PathBytes], flags: Int32, mode: UInt32) -> Int32 {
    let path = place.isEmpty ? [UInt8(ascii: ".")] : PathBytes(place.joined(separator: [0x2F]))
    return SystemCall.open(at: root, path, flags: flags, mode: mode, resolve: Self.linkFree)
  }

  /// Follows every link of `path`, but for a last one unless `last`; EAGAIN when the path changes meanwhile.
  ///
  /// The result's last component may not exist.
  private func follow(_ path: PathBytes, last: Bool) -> Result<[PathBytes], Errno> {
    var pending = PathBytes.components(path).reversed() as [PathBytes]
    var place: [PathBytes] = []
    var linkCount = 0
    while let name = pending.popLast() {
      if name == [0x2E] { continue }
      if name == [0x2E, 0x2E] {
        // The place holds no links: its parent is the component before.
        guard place.popLast() != nil else { return .failure(Errno(EXDEV)) }
        continue
      }
      switch target(of: place + [name]) {
      case .failure(let error) where error.number == ENOENT && pending.isEmpty: place.append(name)
      case .failure(let error): return .failure(error)
      case .success(nil): place.append(name)
      case .success(_?) where pending.isEmpty && !last: place.append(name)
      case .success(let target?):
        linkCount += 1
        guard linkCount <= Self.linkCountMax else { return .failure(Errno(ELOOP)) }
        var parts = PathBytes.components(target)
        if target.first == UInt8(ascii: "/") {
          guard let root = rootNames.first(where: { parts.starts(with: $0) }) else {
            return .failure(Errno(EXDEV))
          }
          parts.removeFirst(root.count)
          place = []
        }
        pending += parts.reversed()
      }
    }
    return .success(place)
  }

  /// What the link at `place` says; nil when it is no link.
  private func target(of place: [PathBytes]) -> Result<PathBytes?, Errno> {
    let fd = openLinkFree(place, flags: pen_o_path() | O_NOFOLLOW, mode: 0)
    // ELOOP: a directory that was followed already has become a link.
    guard fd >= 0 else { return .failure(Errno(fd == -ELOOP ? EAGAIN : -fd)) }
    defer { Glibc.close(fd) }
    switch SystemCall.status(of: fd) {
    case .failure(let error): return .failure(error)
    case .success(let status) where status.kind != .link: return .success(nil)
    case .success: return SystemCall.readLink(fd).map { $0 }
    }
  }
}

extension PathBytes {
  /// The non-empty parts between slashes.
  static func components(_ path: PathBytes) -> [PathBytes] {
    path.split(separator: UInt8(ascii: "/")).map { PathBytes($0) }
  }
}
