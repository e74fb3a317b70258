// Names of users and groups. Name services may ask a server, so look-ups run on the pool and their answers are kept.

import Glibc
import Synchronization

/// A bounded, short-lived cache of user and group names.
final class OwnerNames: Sendable {
  private struct State {
    var users: [UInt32: String] = [:]
    var groups: [UInt32: String] = [:]
    var since: Int64 = 0
  }

  private static let countMax = 4096
  private static let lifetime: Int64 = 300_000_000_000

  private let state = Mutex(State())

  /// The names of an owner and a group if both are known; never blocks.
  func known(user: UInt32, group: UInt32) -> (owner: String, group: String)? {
    let now = SystemCall.wallClock()
    return state.withLock { state in
      if now &- state.since > Self.lifetime
        || state.users.count + state.groups.count > Self.countMax
      {
        state = State(since: now)
      }
      guard let owner = state.users[user], let group = state.groups[group] else { return nil }
      return (owner, group)
    }
  }

  /// The names of an owner and a group, the number where there is no name.
  ///
  /// May block.
  func find(user: UInt32, group: UInt32) -> (owner: String, group: String) {
    if let known = known(user: user, group: group) { return known }
    let names = (owner: Self.userName(user), group: Self.groupName(group))
    state.withLock { state in
      state.users[user] = names.owner
      state.groups[group] = names.group
    }
    return names
  }

  private static func userName(_ id: UInt32) -> String {
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    return unsafe withBuffer { buffer in
      guard let base = buffer.baseAddress,
        unsafe getpwuid_r(id, &entry, base, buffer.count, &found) == 0, unsafe found != nil
      else { return String(id) }
      return unsafe entry.pw_name.map { unsafe String(cString: $0) } ?? String(id)
    }
  }

  private static func groupName(_ id: UInt32) -> String {
    var entry = unsafe group()
    var found: UnsafeMutablePointer<group>?
    return unsafe withBuffer { buffer in
      guard let base = buffer.baseAddress,
        unsafe getgrgid_r(id, &entry, base, buffer.count, &found) == 0, unsafe found != nil
      else { return String(id) }
      return unsafe entry.gr_name.map { unsafe String(cString: $0) } ?? String(id)
    }
  }

  /// Runs `body` with room for a record: 64 KiB hold a group of thousands; a larger one keeps its number.
  private static func withBuffer(_ body: (UnsafeMutableBufferPointer<CChar>) -> String) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65536) { unsafe body($0) }
  }
}
