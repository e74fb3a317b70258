import DaemonDriver
import FaultProxy
import Ring
import Testing

@testable import HTTPWire

@Suite("The context of TLS follows its files", .serialized)
struct TLSContextTests {
  private static let second: UInt64 = 1_000_000_000

  @Test("files that were replaced are read again, a second later at the latest and not more often")
  func replaced() async throws {
    let certificates = try TestCertificates()
    let scratch = try ScratchDirectory("tls-context")
    let file = scratch.path("ca.pem")
    let (one, other) = (
      try readBytes(certificates.authority.certificate),
      try readBytes(certificates.otherAuthority.certificate)
    )
    try writeBytes(one, to: file)
    let pool = try BlockingPool(name: "tls", threads: 1)
    defer { pool.stop() }
    var options = TLSOptions()
    options.caFile = file
    let context = TLSContext(options)
    let start: UInt64 = 5 * Self.second
    let first = try await context.get(on: pool, now: start)
    #expect(try await context.get(on: pool, now: start + 2 * Self.second) === first)
    try writeBytes(other, to: file)
    #expect(try await context.get(on: pool, now: start + 3 * Self.second - 1) === first)
    let second = try await context.get(on: pool, now: start + 3 * Self.second)
    #expect(second !== first)
    try writeBytes(Array("no certificate".utf8), to: file)
    #expect(
      try await context.get(on: pool, now: start + 5 * Self.second) === second,
      "what cannot be used changes nothing")
    try writeBytes(one, to: file)
    #expect(try await context.get(on: pool, now: start + 7 * Self.second) !== second)
  }

  @Test("the first files must be usable, and are looked at again when they were not")
  func unusable() async throws {
    let certificates = try TestCertificates()
    let scratch = try ScratchDirectory("tls-context")
    let file = scratch.path("ca.pem")
    let pool = try BlockingPool(name: "tls", threads: 1)
    defer { pool.stop() }
    var options = TLSOptions()
    options.caFile = file
    let context = TLSContext(options)
    await #expect(throws: TLSContext.Failure.self) { try await context.get(on: pool, now: 1) }
    try writeBytes(try readBytes(certificates.authority.certificate), to: file)
    _ = try await context.get(on: pool, now: 2)
  }
}
