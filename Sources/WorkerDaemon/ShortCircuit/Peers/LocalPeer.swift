// Who is at the other end of a connection, as the kernel says.

import CLinux
import Glibc

/// The credentials that a client had when it connected.
struct LocalPeer: Sendable, Equatable {
  /// Groups that are looked at.
  private static let groupCountMax = 1024

  /// Its user's number.
  let user: UInt32
  /// Its groups' numbers, its own first.
  let groups: [UInt32]
  /// Its process; 0 for one in another PID namespace that is not seen from here.
  let process: Int32

  /// A peer of its parts.
  init(user: UInt32, groups: [UInt32], process: Int32) {
    self.user = user
    self.groups = groups
    self.process = process
  }

  /// The peer of the connection `fd`, its supplementary groups if they are wanted; nil when the kernel does not say.
  init?(of fd: Int32, groupsWanted wanted: Bool) {
    var (user, group): (UInt32, UInt32) = (0, 0)
    var process: Int32 = 0
    guard unsafe pen_peer(fd, &user, &group, &process) == 0 else { return nil }
    self.user = user
    self.process = process
    guard wanted else {
      groups = [group]
      return
    }
    var others = [UInt32](repeating: 0, count: Self.groupCountMax)
    // Without its supplementary groups a peer has fewer rights, never more.
    let count = unsafe max(0, pen_peer_groups(fd, &others, Int32(others.count)))
    groups = [group] + others.prefix(Int(count)).filter { $0 != group }
  }
}
