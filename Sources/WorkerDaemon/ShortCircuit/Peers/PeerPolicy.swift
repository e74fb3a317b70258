// Which peer gets what: decided by the credentials that the kernel gives, never by what a client says.

import CLinux
import Glibc
import Model

/// Users and groups that may connect, and those that share memory.
struct PeerPolicy: Sendable {
  /// What a peer gets.
  enum Decision: Equatable {
    /// Descriptors of the arenas: it may read every cached byte.
    case shared
    /// Copies of what it asks for.
    case copy
    /// Nothing.
    case denied
  }

  private struct Names: Sendable {
    var numbers: Set<UInt32> = []
    var isEverybody = false
  }

  private let sharedUsers: Names
  private let sharedGroups: Names
  private let allowedUsers: Names
  private let allowedGroups: Names
  /// Names that this system does not know; their owners get nothing by them.
  let unknown: [String]

  /// The policy of `settings`, for a worker that runs as `own`.
  ///
  /// Reads the system's user database: blocks.
  init(_ settings: ShortCircuitSettings, own: UInt32 = geteuid()) {
    var unknown: [String] = []
    func names(_ list: [String], _ number: (String) -> Int64, _ kind: String) -> Names {
      var names = Names()
      for text in list {
        if text == "*" {
          names.isEverybody = true
        } else if let value = UInt32(text) {
          names.numbers.insert(value)
        } else if let value = UInt32(exactly: number(text)) {
          names.numbers.insert(value)
        } else {
          unknown.append("\(kind) \(text)")
        }
      }
      return names
    }
    let user = { (name: String) in unsafe pen_user_number(name) }
    let group = { (name: String) in unsafe pen_group_number(name) }
    var shared = names(settings.sharedUsers.filter { $0 != "none" }, user, "user")
    if settings.sharedUsers.isEmpty { shared.numbers = [0, own] }
    sharedUsers = shared
    sharedGroups = names(settings.sharedGroups, group, "group")
    allowedUsers = names(settings.allowedUsers, user, "user")
    allowedGroups = names(settings.allowedGroups, group, "group")
    self.unknown = unknown
  }

  /// Whether groups are named, so that a peer's say something.
  var namesGroups: Bool { !sharedGroups.numbers.isEmpty || !allowedGroups.numbers.isEmpty }

  /// What `peer` gets.
  func decide(_ peer: LocalPeer) -> Decision {
    if Self.matches(peer, sharedUsers, sharedGroups) { return .shared }
    return Self.matches(peer, allowedUsers, allowedGroups) ? .copy : .denied
  }

  private static func matches(_ peer: LocalPeer, _ users: Names, _ groups: Names) -> Bool {
    users.isEverybody || groups.isEverybody || users.numbers.contains(peer.user)
      || peer.groups.contains(where: groups.numbers.contains)
  }
}
