// Memory of the worker that a client may never use: looked at when it comes, mapped when it is needed.

import Glibc

/// A descriptor of sealed memory, and its mapping once somebody asked for that; whoever uses it holds the connection's monitor.
final class LateRegion {
  private let descriptor: Int32
  private let count: Int
  private let what: String
  private(set) var mapping: MappedRegion?

  /// Memory of `count` bytes behind `descriptor`, which belongs to this from now on, also when this throws.
  ///
  /// - Throws: `protocolBroken` when the memory is smaller or not sealed.
  init(_ descriptor: Int32, count: UInt64, what: String) throws(ClientError) {
    do throws(ClientError) {
      self.count = try MappedRegion.check(descriptor, count: count, what: what)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    self.what = what
  }

  deinit { if mapping == nil { Glibc.close(descriptor) } }

  /// The mapping, made now when there is none.
  ///
  /// - Throws: `system` when there is no room for it.
  func mapped() throws(ClientError) -> MappedRegion {
    if let mapping { return mapping }
    let made = try MappedRegion(checked: descriptor, count: count, what: what)
    Glibc.close(descriptor)
    mapping = made
    return made
  }
}
