// What RocksDB says when a call fails, as a refusal of the job service.

import Glibc
internal import Rocks

extension SchedulerError {
  /// The refusal that `failure` means, in one line that begins with `what`.
  init(rocks failure: RocksFailure, _ what: String) {
    let line = failure.text.split(whereSeparator: \.isNewline).joined(separator: " ")
    let code = failure.isFull ? Code.noSpace : Self.code(of: line)
    self.init(code, "\(what): \(line)")
  }

  private static func code(of text: String) -> Code {
    func says(_ number: Int32) -> Bool { unsafe text.hasSuffix(String(cString: strerror(number))) }
    if text.contains("lock hold by current process") || says(EAGAIN) { return .locked }
    if says(EROFS) || says(EACCES) || says(EPERM) || says(ENOTDIR) || says(EEXIST) {
      return .readOnly
    }
    switch text.split(separator: ":").first {
    case "Corruption": return .corrupt
    case "Invalid argument": return .invalid
    default: return .unavailable
    }
  }
}
