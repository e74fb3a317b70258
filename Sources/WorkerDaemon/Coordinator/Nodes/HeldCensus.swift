// What a worker says that it holds: counted batch by batch, and forgotten again.
//
//   batch ─▶ counts and bytes ─▶ the last message must agree with the counts

import Messages
import Model

/// The sum of a registration's stream; the coordinator keeps no list of files.
struct HeldCensus: Equatable, Sendable {
  /// Files that the worker can name.
  private(set) var files: UInt64 = 0
  /// Bytes of them in its cache.
  private(set) var bytes: UInt64 = 0
  /// Files that it holds and cannot name.
  private(set) var unnamed: UInt64 = 0
  private var batchCount: UInt64 = 0

  /// Nothing yet.
  init() {}

  /// A census of its sums, for a worker that is asked directly.
  init(files: UInt64, bytes: UInt64, unnamed: UInt64) {
    (self.files, self.bytes, self.unnamed) = (files, bytes, unnamed)
  }

  /// Takes a message of the stream; nil when it fits what came before, else what is wrong.
  mutating func take(_ message: WireRegisterRequest) -> String? {
    batchCount += 1
    for file in message.files {
      guard !file.path.isEmpty, file.heldBytes <= file.length else {
        return "a file that is held has a path, and no more bytes held than it is long"
      }
      files += 1
      bytes &+= file.heldBytes
    }
    guard message.isLast else { return nil }
    unnamed = message.unnamedFiles
    guard message.batchCount == batchCount, message.fileCount == files else {
      return "the stream had \(batchCount) messages with \(files) files, not \(message.batchCount)"
        + " with \(message.fileCount)"
    }
    return nil
  }

  /// The sums in words.
  var text: String {
    let size = SizeText.print(Int64(clamping: bytes))
    return unnamed == 0
      ? "\(files) files, \(size)" : "\(files) files, \(size), and \(unnamed) without a name"
  }
}
