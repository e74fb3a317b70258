import Glibc
import LocalWire
import TestSupport
import Testing

@testable import WorkerDaemon

@Suite("Short circuit: many clients")
struct ManyClientsTests {
  @Test("a thousand clients hold the same pages: memory counts once, and goes with the last")
  func thousand() async throws {
    var files = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    files.rlim_cur = files.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    try #require(files.rlim_cur >= 8000, "raise `ulimit -Hn`: it is \(files.rlim_max)")
    let fixture = try LocalFixture(
      ["user.connections.max=1100", "connections.max=1100", "user.requests.max=1000000"],
      capacity: 4 << 20
    ) { settings in
      // However slow the machine is, none is ended by its time.
      (settings.term, settings.holdMax) = (.seconds(3600), .seconds(3600))
      settings.helloTimeout = .seconds(3600)
    }
    defer { fixture.stop() }
    let bytes = pattern(4 * 65_536, seed: 11)
    fixture.ufs.put("a", bytes, token: "v1")
    try await fixture.onThread {
      var clients: [LocalClient] = []
      for number in 0..<1000 {
        let client = try LocalClient(fixture.path)
        try client.hello(leases: 4)
        let pages = try client.lease(try client.open("/a").handle, [0..<4])
        #expect(pages.allSatisfy { $0.failure == nil }, "client \(number)")
        #expect(pages.allSatisfy(client.isLive))
        if number % 100 == 0 { #expect(try pages.flatMap { try client.bytes(of: $0) } == bytes) }
        clients.append(client)
      }
      #expect(fixture.counters.value(.held) == 4000)
      #expect(fixture.counters.value(.open) == 1000)
      #expect(fixture.server.shared.memory.bytes == bytes.count)
      // Each has as many as it asked for, and no more.
      for client in clients.prefix(250) {
        let handle = try client.open("/a").handle
        let again = try client.lease(handle, [0..<1])
        #expect(again.map(\.failure) == [.noSlot])
      }
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
    #expect(fixture.counters.value(.leaseEnded) == 4000)
  }
}
