// What a remote request does, as far as flow control cares.

/// A kind of remote request; each has a window of its own.
package enum FlowVerb: UInt8, Sendable, Hashable, CaseIterable {
  /// Reads bytes.
  case get
  /// Writes bytes.
  case put
  /// Lists names.
  case list
  /// Asks what is there.
  case head
  /// Deletes, renames or copies.
  case delete

  /// The verb's name in metrics and messages.
  package var name: String {
    switch self {
    case .get: "get"
    case .put: "put"
    case .list: "list"
    case .head: "head"
    case .delete: "delete"
    }
  }

  /// The limit of a mount that counts this verb.
  var kind: FlowKind {
    switch self {
    case .get: .read
    case .put: .write
    case .list, .head, .delete: .admin
    }
  }
}

/// Verbs that share one limit of a mount.
enum FlowKind: Int, Sendable, CaseIterable {
  case read, write, admin
}
