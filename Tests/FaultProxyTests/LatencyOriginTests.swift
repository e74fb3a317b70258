// The distant store: what it says, and when.

import DaemonDriver
import FaultProxy
import Foundation
import Testing

@Suite("The distant store", .serialized)
struct LatencyOriginTests {
  private static let content = ListingOrigin.Content(
    folder: "far/", count: 2500, size: 4096, tag: "0abc")

  @Test("objects and parts of them are told by number, and the bucket by pages")
  func objects() async throws {
    try await blocking {
      let origin = try LatencyOrigin(Self.content, latency: .milliseconds(1))
      let connection = try HTTPConnection(port: origin.port)
      let bytes = LatencyOrigin.bytes(7, of: Self.content)
      let whole = try connection.request("GET", "/b/far/000000007")
      #expect(whole.status == 200 && whole.body == bytes)
      let part = try connection.request(
        "GET", "/b/far/000000007", headers: [("Range", "bytes=3-99")])
      #expect(part.status == 206 && part.body == Array(bytes[3..<100]))
      #expect(part.headers["content-range"] == "bytes 3-99/4096")
      #expect(try connection.request("GET", "/b/far/000002500").status == 404)
      let page = try connection.request("GET", "/b?list-type=2&prefix=far/").text
      #expect(page.components(separatedBy: "<Key>").count == 1001)
      #expect(origin.takeCounters().reads == 2)
    }
  }

  @Test("when each request came is written down where that is asked for")
  func arrivals() async throws {
    try await blocking {
      let content = Self.content
      let origin = try LatencyOrigin(content, latency: .milliseconds(1), logsArrivals: true)
      let connection = try HTTPConnection(port: origin.port)
      _ = try connection.request("GET", "/b?list-type=2&prefix=far/")
      _ = try connection.request("GET", "/b/far/000000007")
      _ = try connection.request("HEAD", "/b/far/000000007")
      let arrivals = origin.takeArrivals()
      #expect(arrivals.map(\.isRead) == [false, true, false])
      #expect(arrivals.map(\.time) == arrivals.map(\.time).sorted())
      #expect(origin.takeArrivals().isEmpty)
      let silent = try LatencyOrigin(content, latency: .milliseconds(1))
      _ = try HTTPConnection(port: silent.port).request("GET", "/b/far/000000007")
      #expect(silent.takeArrivals().isEmpty)
    }
  }

  @Test("every read takes its time, however many are under way")
  func latency() async throws {
    try await blocking {
      let origin = try LatencyOrigin(Self.content, latency: .milliseconds(100))
      let connections = try (0..<64).map { _ in try HTTPConnection(port: origin.port) }
      let start = ContinuousClock.now
      for (index, connection) in connections.enumerated() {
        try connection.sendRequest("GET", "/b/\(ListingOrigin.key(index, of: Self.content))")
      }
      for (index, connection) in connections.enumerated() {
        let head = try connection.receiveHead()
        var body: [UInt8] = []
        try connection.receiveBody(of: head) { body += Array($0) }
        #expect(body == LatencyOrigin.bytes(index, of: Self.content))
      }
      let elapsed = ContinuousClock.now - start
      #expect(elapsed >= .milliseconds(100))
      #expect(origin.takeCounters().inFlightMax > 1)
    }
  }
}
