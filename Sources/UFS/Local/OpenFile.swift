// A descriptor with an owner.

import Glibc
import Ring
import Synchronization

/// An open descriptor, shared by a cache and its readers and closed with the last of them.
final class OpenFile: Sendable {
  /// Open for reading, buffered.
  let descriptor: Int32
  /// Open for reading past the page cache; -1 when the mount or the file system does not want that.
  let directDescriptor: Int32
  /// Whether a descriptor past the page cache was asked for, whatever came of it.
  let wasAskedForDirect: Bool
  /// Whether fstat(2) on it never waits for a server.
  let isLocal: Bool
  private let isClosed = Atomic<Bool>(false)

  /// Takes over the descriptors.
  init(
    descriptor: Int32, directDescriptor: Int32 = -1, wasAskedForDirect: Bool = false, isLocal: Bool
  ) {
    self.descriptor = descriptor
    self.wasAskedForDirect = wasAskedForDirect
    self.directDescriptor = directDescriptor
    self.isLocal = isLocal
  }

  /// Closes each of `files` that nobody else holds through the ring; the others close with their last owner.
  static func close(_ files: consuming [OpenFile], on reactor: Reactor) async {
    while var file = files.popLast() {
      if isKnownUniquelyReferenced(&file) { await file.close(on: reactor) }
    }
  }

  private func close(on reactor: Reactor) async {
    guard !isClosed.exchange(true, ordering: .relaxed) else { return }
    await reactor.close(descriptor)
    if directDescriptor >= 0 { await reactor.close(directDescriptor) }
  }

  deinit {
    guard !isClosed.load(ordering: .relaxed) else { return }
    Glibc.close(descriptor)
    if directDescriptor >= 0 { Glibc.close(directDescriptor) }
  }
}
