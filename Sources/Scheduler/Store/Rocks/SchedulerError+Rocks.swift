// What RocksDB says when a call fails, as a refusal of the job service.
//
// Its C interface gives a sentence only: "kind: what it did: to which file: the system's words". The kind stands before the first
// colon, the system's words at the very end.

internal import CRocksDB
import Glibc

extension SchedulerError {
  /// The failure that a call left in `text`, nil for none; frees it.
  static func take(_ text: UnsafeMutablePointer<CChar>?, _ what: String) -> SchedulerError? {
    guard let text = unsafe text else { return nil }
    defer { unsafe rocksdb_free(text) }
    return unsafe SchedulerError(rocks: String(cString: text), what)
  }

  /// The failure that RocksDB described by `text`, in one line.
  init(rocks text: String, _ what: String) {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    self.init(Self.code(of: line), "\(what): \(line)")
  }

  private static func code(of text: String) -> Code {
    func says(_ number: Int32) -> Bool { unsafe text.hasSuffix(String(cString: strerror(number))) }
    if says(ENOSPC) || says(EDQUOT) { return .noSpace }
    if text.contains("lock hold by current process") || says(EAGAIN) { return .locked }
    if says(EROFS) || says(EACCES) || says(EPERM) || says(ENOTDIR) || says(EEXIST) {
      return .readOnly
    }
    switch text.split(separator: ":").first {
    case "Corruption", "Invalid argument": return .corrupt
    default: return .unavailable
    }
  }
}
