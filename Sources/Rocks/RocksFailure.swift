// What RocksDB says when a call fails, and what it means. Its C interface gives a sentence only:
//
//   "IO error: No space left on device: While appending to file: /pool/log/000012.log: No space left on device"
//    kind      subkind, perhaps         what it did, and to which file                 the system's words, perhaps
//
// Only the kind before the first colon, a subkind right after it and the system's words at the very end are looked at; what is
// between has paths of people's choosing in it.

internal import CRocksDB
import Glibc

/// Why a database does not open or a call failed, in RocksDB's words.
package struct RocksFailure: Error, Sendable, Equatable {
  /// The whole sentence.
  package let text: String
  /// True when what is on the disk is the cause; false for a lock, a permission, a full disk, want of memory or files.
  package let isDamage: Bool
  /// True when there is no room on the disk: what is there can be read, and written when there is room again.
  package let isFull: Bool

  /// A failure that RocksDB described by `text`.
  package init(_ text: String) {
    self.text = text
    isDamage = RocksFailure.isDamage(text)
    isFull = RocksFailure.isFull(text)
  }

  /// The failure of a write, described by `text`: it says nothing of what is on the disk.
  init(write text: String) {
    self.text = text
    isDamage = false
    isFull = RocksFailure.isFull(text)
  }

  /// The failure that a call left in `text`, nil for none; frees it.
  static func take(_ text: UnsafeMutablePointer<CChar>?) -> RocksFailure? {
    guard let text = unsafe text else { return nil }
    defer { unsafe rocksdb_free(text) }
    return unsafe RocksFailure(String(cString: text))
  }

  private static func isFull(_ text: String) -> Bool {
    let parts = text.split(separator: ": ", omittingEmptySubsequences: false).map(String.init)
    guard parts.first == "IO error" else { return false }
    let words = [ENOSPC, EDQUOT].map { unsafe String(cString: strerror($0)) }
    return parts.count > 1 && parts[1] == words[0] || words.contains { parts.last == $0 }
  }

  private static func isDamage(_ text: String) -> Bool {
    let parts = text.split(separator: ": ", omittingEmptySubsequences: false)
    switch parts.first {
    // An argument that does not fit is what the database says of itself: another comparator, other columns.
    case "Corruption", "Invalid argument": return true
    case "IO error":
      // A table or the manifest is gone, or the medium does not give it back.
      let isGone = parts.count > 1 && parts[1] == "No such file or directory"
      let words = unsafe String(cString: strerror(EIO))
      return isGone || parts.last.map(String.init) == words
    default: return false
    }
  }
}
