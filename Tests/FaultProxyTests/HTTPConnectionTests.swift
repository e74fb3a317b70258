import DaemonDriver
import Glibc
import Synchronization
import Testing

@Suite("A driver's HTTP connection")
struct HTTPConnectionTests {
  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  @Test("one that is refused closes its own socket, and nobody else's")
  func refused() async throws {
    // Bound and not listening.
    let holder = try PortHolder()
    let flag = Flag()
    async let lostCount = blocking {
      var lost = 0
      while !flag.isSet.load(ordering: .relaxed) {
        let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
        if close(file) != 0 { lost += 1 }
      }
      return lost
    }
    let port = holder.port
    try await blocking {
      defer { flag.isSet.store(true, ordering: .relaxed) }
      for _ in 0..<5000 {
        #expect(throws: DriverError.self) { _ = try HTTPConnection(port: port, bufferSize: 16) }
      }
    }
    #expect(try await lostCount == 0)
    withExtendedLifetime(holder) {}
  }
}
