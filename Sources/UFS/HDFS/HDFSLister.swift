// A directory's entries, a part at a time.
//
// The name node lists names by their bytes as signed numbers: what is not ASCII comes first. A sorted listing has them as
// unsigned numbers, and takes a directory's name with a slash at its end:
//
//   name node    é   a/   aé   a!   a-b   a0          sorted    a!   a-b   a/   a0   aé   é
//
// So entries wait: a directory `a` until a name beyond `a/` is seen, a name `aé` until one is seen that does not begin with
// `a`. Of directories few wait at one time, because they begin with one another; of names that are not ASCII, all that have
// the same ASCII beginning. A listing that goes on after `a-b` asks for what had to wait when `a-b` came.

import Model

/// A listing of a directory of HDFS.
final class HDFSLister: UFSLister {
  private let fileSystem: HDFSUFS
  private let path: String
  private let options: UFSListing
  /// The name after which the next part begins.
  private var after: [UInt8] = []
  private var entries: ArraySlice<UFSEntry> = []
  private var leftOut = 0
  /// Entries that wait for their turn, in its order.
  private var waiting: [UFSEntry] = []
  private var waitingHead = 0
  private var hasMore = true

  /// A listing of `path` that has not asked anything yet.
  init(_ fileSystem: HDFSUFS, _ path: String, _ options: UFSListing) {
    self.fileSystem = fileSystem
    self.path = path
    self.options = options
  }

  private var order: UFSListing.Order { options.order }
  private var cursor: UFSCursor? { options.cursor }

  /// Asks for the first part, so that what is missing or no directory is told at once.
  func start() async throws(UFSError) {
    if let token = cursor?.token {
      let name = withoutTrailingSlashes(token)
      after = Array(name.utf8)
      if order == .sorted {
        try await findWaitingDirectories(before: token)
        try await findWaitingNames(before: name)
      }
    }
    take(try await part(after: after))
  }

  func next(max: Int) async throws(UFSError) -> UFSListingBatch? {
    precondition(max > 0, "a batch has room for an entry")
    var batch = UFSListingBatch(entries: [], leftOutCount: 0, cursor: nil)
    while batch.entries.count < max, let entry = try await nextEntry() {
      batch.entries.append(entry)
    }
    batch.leftOutCount = leftOut
    leftOut = 0
    guard let last = batch.entries.last else { return batch.leftOutCount > 0 ? batch : nil }
    batch.cursor = UFSCursor(token: order == .sorted ? last.sortKey : last.name)
    return batch
  }

  func close() async { (entries, waiting, waitingHead, hasMore) = ([], [], 0, false) }

  private func nextEntry() async throws(UFSError) -> UFSEntry? {
    while true {
      while entries.isEmpty, hasMore { take(try await part(after: after)) }
      guard order == .sorted else { return entries.popFirst() }
      if waitingHead < waiting.count, isFree(waiting[waitingHead], before: entries.first?.name) {
        return popWaiting()
      }
      guard let entry = entries.popFirst() else { return nil }
      if isBeyondCursor(entry) { wait(entry) }
    }
  }

  /// Whether nothing that is still to come belongs before `entry`, when the name node's next name is `name`.
  private func isFree(_ entry: UFSEntry, before name: String?) -> Bool {
    guard let name else { return true }
    // What comes begins with the ASCII beginning of `name`, or with something greater.
    return entry.sortKey.utf8.lexicographicallyPrecedes(name.utf8.prefix { $0 < 0x80 })
  }

  private func isBeyondCursor(_ entry: UFSEntry) -> Bool {
    cursor.map { isBefore($0.token, entry.sortKey) } ?? true
  }

  private func popWaiting() -> UFSEntry {
    let entry = waiting[waitingHead]
    waitingHead += 1
    if waitingHead == waiting.count || waitingHead >= 1024 {
      waiting.removeFirst(waitingHead)
      waitingHead = 0
    }
    return entry
  }

  /// Puts an entry in its place among those that wait, unless it is there.
  private func wait(_ entry: UFSEntry) {
    var (low, high) = (waitingHead, waiting.count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(waiting[middle].sortKey, entry.sortKey) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    if low < waiting.count, isSameText(waiting[low].name, entry.name) { return }
    waiting.insert(entry, at: low)
  }

  // MARK: Asking

  private func part(after: [UInt8]) async throws(UFSError) -> HDFSListingPart {
    let remote = fileSystem.remotePath(path)
    var asking = HDFSAsking(.list, remote, for: options.purpose)
    if let turns = options.turns { asking.flow = turns }
    let part = try await fileSystem.ask("ufs.list", path) { ring throws(HDFSFailure) in
      do throws(HDFSFailure) {
        return try await ring.nameNodes.listing(remote, after: after, as: asking)
      } catch {
        // What lies below a file is not there.
        if case .exception(let exception) = error, UFSError.code(of: exception) == .notDirectory {
          return nil
        }
        throw error
      }
    }
    guard let part else { throw fileSystem.missing("ufs.list", path) }
    if let only = part.entries.first, only.name.isEmpty {
      throw UFSError(
        .notDirectory, operation: "ufs.list", path: fileSystem.ufsPath(of: path),
        cause: .hdfs(exception: "the path is a file"))
    }
    return part
  }

  private func take(_ part: HDFSListingPart) {
    entries = part.entries.compactMap { entry(of: $0) }[...]
    // A part without entries ends the listing, whatever it says of more.
    hasMore = part.remaining > 0 && !part.entries.isEmpty
    if let last = part.entries.last { after = last.name }
  }

  /// The entry of a status; nil for what is left out.
  private func entry(of status: HDFSStatus) -> UFSEntry? {
    if status.name.starts(with: LocalPath.temporaryPrefix.utf8) { return nil }
    guard let name = String(validating: status.name, as: UTF8.self),
      let known = fileSystem.fileStatus(status, joinPath(path, name))
    else {
      leftOut += 1
      return nil
    }
    return UFSEntry(name: name, path: joinPath(path, name), status: known)
  }

  /// Finds the directories whose names `token` goes on from and whose turn comes after it.
  private func findWaitingDirectories(before token: String) async throws(UFSError) {
    let bytes = Array(token.utf8)
    for length in bytes.indices where length > 0 && bytes[length] < UInt8(ascii: "/") {
      guard let name = String(validating: bytes[..<length], as: UTF8.self),
        LocalPath.brokenRule(name) == nil,
        let status = try await fileSystem.find(joinPath(path, name), "ufs.list"),
        status.kind == .directory
      else { continue }
      var named = status
      named.name = Array(name.utf8)
      if let entry = entry(of: named) { wait(entry) }
    }
  }

  /// Finds names that go on from a beginning of `name` with what is not ASCII: the name node has them before `name`.
  private func findWaitingNames(before name: String) async throws(UFSError) {
    let bytes = Array(name.utf8)
    for length in bytes.indices where bytes[length] < 0x80 {
      var start = Array(bytes[..<length])
      search: while true {
        let part = try await part(after: start)
        for status in part.entries {
          guard status.name.count > length, status.name.starts(with: bytes[..<length]),
            status.name[length] >= 0x80
          else { break search }
          if let entry = entry(of: status), isBeyondCursor(entry) { wait(entry) }
        }
        guard part.remaining > 0, let last = part.entries.last else { break }
        start = last.name
      }
    }
  }
}
