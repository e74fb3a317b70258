// A directory listed in constant memory, whatever its size.
//
// Unsorted: the kernel's order; the cursor is its position (d_off), valid while the directory keeps its inode.
// Sorted:   each pass over the directory keeps the `window` smallest names beyond the last one listed; a million names are
//           16 passes of getdents64 (0.2 s each) in 10 MB, instead of one pass in 100 MB. The cursor is the last name.

import CLinux
import Glibc
import Model

/// A listing of one directory; blocking, used by one thread at a time.
// SAFETY: the lister that owns it makes one call at a time, each awaited before the next.
final class DirectoryScan: @unchecked Sendable {
  /// A name as it is sorted: directories carry a slash, which no name contains.
  private struct Name {
    let key: PathBytes
    var name: PathBytes { key.last == UInt8(ascii: "/") ? PathBytes(key.dropLast()) : key }
  }

  private let fileSystem: LocalUFS
  private let directory: Int32
  private let path: String
  private let order: UFSListing.Order
  private let inode: UInt64
  private let window: Int
  private var buffer = DirectoryBuffer()
  private var names: ArraySlice<Name> = []
  private var last: PathBytes?
  private var hasMore = true
  /// Most names held at once so far.
  private(set) var nameCountMax = 0

  /// A scan of the open `directory`, whose descriptor it takes over.
  init(
    _ fileSystem: LocalUFS, _ directory: Int32, _ path: String, _ options: UFSListing,
    inode: UInt64, window: Int = 65536
  ) throws(UFSError) {
    self.fileSystem = fileSystem
    self.directory = directory
    self.path = path
    self.inode = inode
    self.window = window
    order = options.order
    if let cursor = options.cursor { try resume(cursor) }
  }

  deinit { Glibc.close(directory) }

  /// The next entries, at most `max`; nil at the end.
  func next(max: Int) throws(UFSError) -> UFSListingBatch? {
    precondition(max > 0, "a batch has room for an entry")
    var batch = UFSListingBatch(entries: [], leftOutCount: 0, cursor: nil)
    // A bound on what is looked at, too: a directory of nothing but sockets must not hold the thread for long.
    for _ in 0..<max {
      guard let name = try nextName(&batch.cursor) else {
        return batch.entries.isEmpty && batch.leftOutCount == 0 ? nil : batch
      }
      if name.name.starts(with: LocalPath.temporaryPrefix.utf8) { continue }
      switch try entry(name) {
      case .listed(let entry): batch.entries.append(entry)
      case .leftOut(let reason):
        let path = joinPath(path, UFSLeftOut.text(name.name))
        batch.leave(out: UFSLeftOut(path: fileSystem.ufsPath(of: path), reason: reason))
      case .vanished: break
      }
    }
    return batch
  }

  // MARK: Names

  private func nextName(_ cursor: inout UFSCursor?) throws(UFSError) -> Name? {
    switch order {
    case .unsorted:
      guard let entry = try read() else { return nil }
      cursor = UFSCursor(token: "\(inode):\(entry.next)")
      return Name(key: entry.name)
    case .sorted:
      if names.isEmpty, hasMore { try fillWindow() }
      guard let name = names.popFirst() else { return nil }
      last = name.key
      // A name that is not UTF-8 has no text of its own; the cursor stays at the one before.
      if let text = String(validating: name.key, as: UTF8.self) { cursor = UFSCursor(token: text) }
      return name
    }
  }

  /// One pass over the directory: the smallest names beyond the last one.
  private func fillWindow() throws(UFSError) {
    guard lseek(directory, 0, SEEK_SET) >= 0 else { throw failed(errno) }
    buffer.reset()
    var found: [Name] = []
    var isCut = false
    var end: PathBytes?
    while let entry = try read() {
      let name = sortable(entry)
      if let last, !last.lexicographicallyPrecedes(name.key) { continue }
      if let end, !name.key.lexicographicallyPrecedes(end) { continue }
      found.append(name)
      nameCountMax = max(nameCountMax, found.count)
      if found.count >= 2 * window {
        found.sort { $0.key.lexicographicallyPrecedes($1.key) }
        found.removeSubrange(window...)
        isCut = true
        end = found.last?.key
      }
    }
    found.sort { $0.key.lexicographicallyPrecedes($1.key) }
    if found.count > window {
      found.removeSubrange(window...)
      isCut = true
    }
    hasMore = isCut
    names = found[...]
  }

  /// A name with the key that it is sorted by: directories carry a slash.
  private func sortable(_ entry: DirectoryBuffer.Entry) -> Name {
    var type = entry.type
    if type == UInt8(DT_UNKNOWN),
      case .success(let status) = SystemCall.status(at: directory, entry.name)
    {
      type = UInt8(status.kind == .directory ? DT_DIR : DT_REG)
    }
    let key = type == UInt8(DT_DIR) ? entry.name + [UInt8(ascii: "/")] : entry.name
    return Name(key: key)
  }

  private func read() throws(UFSError) -> DirectoryBuffer.Entry? {
    switch buffer.next(directory) {
    case .success(let entry): return entry
    case .failure(let errno): throw failed(errno.number)
    }
  }

  private func resume(_ cursor: UFSCursor) throws(UFSError) {
    if order == .sorted {
      last = PathBytes(cursor.token.utf8)
      return
    }
    let parts = cursor.token.utf8.split(separator: UInt8(ascii: ":"))
    guard parts.count == 2, let cursorInode = UInt64(String(Substring(parts[0]))),
      let offset = Int64(String(Substring(parts[1])))
    else { throw fileSystem.rule(.invalid, "ufs.list", path, .staleCursor) }
    guard cursorInode == inode else {
      throw fileSystem.rule(.changed, "ufs.list", path, .staleCursor)
    }
    guard lseek(directory, Int(offset), SEEK_SET) >= 0 else { throw failed(errno) }
  }

  private func failed(_ errno: Int32) -> UFSError { fileSystem.error(-errno, "ufs.list", path) }

  // MARK: Entries

  private enum Found {
    case listed(UFSEntry)
    case leftOut(String)
    case vanished
  }

  private func entry(_ name: Name) throws(UFSError) -> Found {
    guard let text = String(validating: name.name, as: UTF8.self) else {
      return .leftOut("its name is not UTF-8")
    }
    var status: LocalStatus
    switch SystemCall.status(at: directory, name.name) {
    case .success(let found): status = found
    case .failure(let errno) where errno.number == ENOENT: return .vanished
    case .failure(let errno): throw failed(errno.number)
    }
    let below = joinPath(path, text)
    let isLink = status.kind == .link
    if isLink {
      guard let target = linkTarget(below) else {
        return .leftOut("a link that leads nowhere, or out of the mount")
      }
      status = target
    }
    let (owner, group) = fileSystem.names.find(user: status.user, group: status.group)
    guard let result = fileSystem.fileStatus(status, below, owner: owner, group: group) else {
      return .leftOut("neither a file nor a directory")
    }
    return .listed(UFSEntry(name: text, path: below, status: result, isLink: isLink))
  }

  /// The status of what a link leads to; nil when it leads nowhere, in a circle or out of the mount.
  private func linkTarget(_ path: String) -> LocalStatus? {
    let fd = fileSystem.resolver.open(PathBytes(path.utf8), flags: pen_o_path())
    guard fd >= 0 else { return nil }
    defer { Glibc.close(fd) }
    return try? SystemCall.status(of: fd).get()
  }
}
