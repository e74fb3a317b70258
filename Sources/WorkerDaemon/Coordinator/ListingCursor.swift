// Where a job's listing stands, as its checkpoint keeps it.
//
//   "2:a/b.bin"   third root, after what the UFS calls a/b.bin
//   "2#4096"      third root, after 4096 entries: its UFS gives no words for places
//   "2:"          third root, at its start

import UFS

/// A place in the listing of several roots.
struct ListingCursor: Equatable, Sendable {
  /// The root's 0-based place.
  var root = 0
  /// The place in the root in the UFS's words; nil at the start of it, and when it has none.
  var token: String?
  /// Entries of the root that lie before the place, when the UFS has no words for it.
  var skipCount = 0

  /// The start.
  init() {}

  /// The place that `text` names, nil for no cursor of ours.
  init?(_ text: String) {
    let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard let root = Int(Substring(digits)), let mark = text.utf8.dropFirst(digits.count).first
    else { return nil }
    self.root = root
    let rest = String(Substring(text.utf8.dropFirst(digits.count + 1)))
    switch mark {
    case UInt8(ascii: ":"): token = rest.isEmpty ? nil : rest
    case UInt8(ascii: "#"):
      guard let count = Int(rest), count >= 0 else { return nil }
      skipCount = count
    default: return nil
    }
  }

  /// The text that `init(_:)` reads.
  var text: String {
    if let token { return "\(root):\(token)" }
    return skipCount > 0 ? "\(root)#\(skipCount)" : "\(root):"
  }
}
