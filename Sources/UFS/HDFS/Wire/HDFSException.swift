// A Java exception that crossed the wire, and what it means here.

/// An exception of a name node.
struct HDFSException: Error, Sendable, Hashable {
  /// The class, with its package.
  var name: String
  /// The message; its first line is for people, the rest is a stack trace.
  var message: String

  /// The class without its package.
  var shortName: Substring {
    let last = name.utf8.lastIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "$") }
    return last.map { name[name.utf8.index(after: $0)...] } ?? name[...]
  }

  /// Class and first line, at most 300 bytes of it.
  var summary: String {
    let line = message.utf8.prefix { $0 != UInt8(ascii: "\n") }.prefix(300)
    return "\(shortName): \(String(decoding: line, as: UTF8.self))"
  }

  /// Whether another name node must be asked.
  var isStandby: Bool {
    shortName == "StandbyException" || shortName == "ObserverRetryOnActiveException"
  }

  /// Whether the name node asks for patience.
  var isRetriable: Bool { shortName == "RetriableException" }

  /// Whether the name node has too much to do, or is not ready yet.
  var isBusy: Bool {
    isRetriable || shortName == "ServerTooBusyException" || shortName == "SafeModeException"
  }

  /// Whether a client without Kerberos is refused.
  var wantsKerberos: Bool {
    shortName == "AccessControlException"
      && message.utf8.starts(with: "SIMPLE authentication is not enabled".utf8)
  }
}
