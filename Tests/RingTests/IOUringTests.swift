import Glibc
import Testing

@testable import Ring

@Suite("IOUring")
struct IOUringTests {
  @Test("a ring that the kernel refuses is an error, and its memory is freed once")
  func refused() throws {
    // More entries than the kernel gives anybody.
    let options = IOUring.Options(submissionEntries: 1 << 20)
    for _ in 0..<100 {
      #expect(throws: RingError(.unavailable, operation: "io_uring_setup", errno: EINVAL)) {
        _ = try IOUring(options)
      }
    }
    var reactor = Reactor.Options()
    reactor.submissionEntries = 1 << 20
    #expect(throws: RingError.self) { _ = try Reactor(options: reactor) }
  }
}
