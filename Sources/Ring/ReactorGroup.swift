// The reactors of a process: one per CPU that it was given.

import CLinux
import Glibc

/// A fixed set of reactors.
package final class ReactorGroup: Sendable {
  /// The reactors, by index.
  package let reactors: [Reactor]

  /// Starts one reactor per element of `options`.
  ///
  /// - Throws: `.unavailable` when io_uring cannot be used; those started before are stopped again.
  package init(_ options: [Reactor.Options]) throws(RingError) {
    precondition(!options.isEmpty, "a group has a reactor")
    var started: [Reactor] = []
    for (index, option) in options.enumerated() {
      do throws(RingError) {
        started.append(try Reactor(index: index, options: option))
      } catch {
        for reactor in started { reactor.stop() }
        throw error
      }
    }
    reactors = started
  }

  /// Starts `count` reactors, pinned to the first CPUs of the process when `pinned`.
  package convenience init(count: Int, pinned: Bool = true) throws(RingError) {
    let cpus = Reactor.allowedCPUs()
    try self.init(
      (0..<max(1, count)).map { index in
        Reactor.Options(cpu: pinned && index < cpus.count ? cpus[index] : nil)
      })
  }

  /// Stops all reactors and joins their threads.
  package func stop() {
    for reactor in reactors { reactor.stop() }
  }
}

extension Reactor {
  /// CPUs the process may run on, ascending; one unknown CPU when the kernel does not say.
  package static func allowedCPUs() -> [Int] {
    var cpus = [Int32](repeating: 0, count: 8192)
    let count = unsafe cpus.withUnsafeMutableBufferPointer { buffer in
      unsafe pen_allowed_cpus(buffer.baseAddress, Int32(buffer.count))
    }
    guard count > 0 else { return [0] }
    return cpus[..<Int(count)].map(Int.init)
  }
}
