// A recursive listing built on listings of single directories.
//
//   stack of frames:  root ─ a ─ a/b        each frame: a lister, and the rest of the batch it brought
//
// A directory's entry comes before its contents. Memory is bounded by depth × batch, not by the number of entries.
// Links to directories are listed and not entered. Sorted walks can be resumed: the cursor is the last path.

import Glibc
import Model

/// Lists everything below a directory.
package final class TreeWalker: UFSLister {
  /// A directory being listed.
  private struct Frame {
    let path: String
    let lister: any UFSLister
    var pending: ArraySlice<UFSEntry> = []
    var leftOutCount = 0
  }

  /// Entries that one directory's batch holds while its subdirectories are listed.
  private static let batchCountMax = 256

  private let fileSystem: any UnderFileSystem
  private let root: String
  private let options: UFSListing
  private var frames: [Frame] = []
  private var refusals: [UFSError] = []

  /// Starts at `path`, or after the cursor of an earlier sorted walk.
  ///
  /// - Throws: As `list`; `.invalid` for a cursor of an unsorted walk.
  package init(
    _ fileSystem: any UnderFileSystem, _ path: String, _ options: UFSListing
  ) async throws(UFSError) {
    self.fileSystem = fileSystem
    root = path
    self.options = options
    guard let cursor = options.cursor else {
      try await push(path, after: nil)
      return
    }
    guard order == .sorted else {
      throw UFSError(
        .invalid, operation: "ufs.walk", path: fileSystem.ufsPath(of: path), rule: .staleCursor)
    }
    try await resume(after: cursor.token)
  }

  package func next(max: Int) async throws(UFSError) -> UFSListingBatch? {
    precondition(max > 0, "a batch has room for an entry")
    var batch = UFSListingBatch(entries: [], leftOutCount: 0, cursor: nil)
    while batch.entries.count < max, let entry = try await nextEntry(&batch) {
      // A page may take a question for each directory: whoever wants it no more does not ask them all.
      if Task.isCancelled { throw cancelled(entry.path) }
      batch.entries.append(entry)
      if entry.status.kind == .directory, !entry.isLink { try await enter(entry.path) }
    }
    swap(&batch.refusals, &refusals)
    guard let last = batch.entries.last else {
      return batch.leftOutCount > 0 || !batch.refusals.isEmpty ? batch : nil
    }
    if order == .sorted { batch.cursor = UFSCursor(token: cursorToken(last)) }
    return batch
  }

  package func close() async {
    while let frame = frames.popLast() { await frame.lister.close() }
  }

  private func cancelled(_ path: String) -> UFSError {
    UFSError(
      .unavailable, operation: "ufs.walk", path: fileSystem.ufsPath(of: path),
      cause: .errno(ECANCELED))
  }

  /// The next entry of the deepest directory that has one.
  private func nextEntry(_ out: inout UFSListingBatch) async throws(UFSError) -> UFSEntry? {
    while let top = frames.indices.last {
      if let entry = frames[top].pending.popFirst() { return entry }
      if let batch = try await nextBatch(top) {
        frames[top].pending = batch.entries[...]
        out.leaveOut(asIn: batch)
      } else {
        await frames.removeLast().lister.close()
      }
    }
    return nil
  }

  /// The next batch of a frame; nil at its end, and for a directory that is refused only now.
  private func nextBatch(_ index: Int) async throws(UFSError) -> UFSListingBatch? {
    do throws(UFSError) {
      return try await frames[index].lister.next(max: Self.batchCountMax)
    } catch  where passes(error) && index > 0 {
      refusals.append(error)
      return nil
    }
  }

  /// Goes into a directory just listed.
  ///
  /// One that vanished or was replaced meanwhile has nothing to list; one that is refused may be passed.
  private func enter(_ path: String) async throws(UFSError) {
    do throws(UFSError) {
      try await push(path, after: nil)
    } catch  where error.code == .notFound || error.code == .notDirectory {
      // Nothing is there any more.
    } catch  where passes(error) {
      refusals.append(error)
    }
  }

  /// Whether the walk goes on in spite of `error`.
  private func passes(_ error: UFSError) -> Bool {
    options.passesRefusals && error.code == .denied
  }

  private var order: UFSListing.Order { options.order }

  private func push(_ path: String, after key: String?) async throws(UFSError) {
    var options = options
    options.cursor = key.map { UFSCursor(token: $0) }
    frames.append(Frame(path: path, lister: try await fileSystem.list(path, options)))
  }

  /// The last path below the root, with a slash when it is a directory whose contents come next.
  private func cursorToken(_ entry: UFSEntry) -> String {
    let below = root.isEmpty ? entry.path.utf8[...] : entry.path.utf8.dropFirst(root.utf8.count + 1)
    let isEntered = entry.status.kind == .directory && !entry.isLink
    return String(Substring(below)) + (isEntered ? "/" : "")
  }

  /// Rebuilds the stack: each directory on the way goes on after the one that was entered.
  private func resume(after token: String) async throws(UFSError) {
    var path = root
    var keys = pathComponents(token)
    let isInDirectory = keys.last == ""
    if isInDirectory { keys.removeLast() }
    for (index, name) in keys.enumerated() {
      let isEntered = index < keys.count - 1 || isInDirectory
      do throws(UFSError) {
        try await push(path, after: isEntered ? name + "/" : name)
      } catch  where error.code == .notFound && index > 0 {
        return
      } catch  where passes(error) && index > 0 {
        refusals.append(error)
        return
      }
      path = joinPath(path, name)
    }
    if isInDirectory { try await enter(path) }
  }
}
