// The codes of ERROR and of a page that could not be leased.

/// Why something was not done, as both sides understand it.
package enum LocalCode: UInt8, Sendable, CaseIterable {
  /// The frame breaks the protocol's rules; the connection ends.
  case protocolBroken = 1
  /// The peer's user may not connect; the connection ends.
  case denied = 2
  /// Another cluster, another worker or no common version; the connection ends.
  case mismatch = 3
  /// Connections, handles or requests per second of this user.
  case tooMany = 4
  /// The under file system says that it is not there.
  case notFound = 5
  /// The file is no longer the version that was opened.
  case changed = 6
  /// The under file system could not be asked, or did not answer in time.
  case unavailable = 7
  /// The under file system denied it.
  case refused = 8
  /// No such handle, page, range or path.
  case invalid = 9
  /// All lease slots are in use.
  case noSlot = 10
  /// The window, or the client's share of memory, is in use.
  case noRoom = 11
  /// Only what is cached was asked for.
  case notCached = 12
  /// By CANCEL.
  case cancelled = 13
  /// The worker stops.
  case stopping = 14
  /// Anything else; the worker's log says what.
  case other = 15

  /// Whether the connection ends with it.
  package var endsConnection: Bool {
    self == .protocolBroken || self == .denied || self == .mismatch
  }

  /// The word of the format's document.
  package var word: String {
    switch self {
    case .protocolBroken: "protocol"
    case .other: "internal"
    default: "\(self)"
    }
  }
}
