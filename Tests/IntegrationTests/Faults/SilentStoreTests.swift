// A store that takes connections and says nothing, and clients that lose patience.

import DaemonDriver
import FaultProxy
import Foundation
import Testing

extension Integration {
  @Suite("A store that does not answer")
  struct SilentStoreTests {
    /// Sends `count` GETs at once, waits for all answers, and says how long that took.
    private static func storm(
      _ stage: UFSFaultStage, _ count: Int, _ name: String
    ) throws -> (statuses: [Int], took: Duration, hasRetryAfter: Bool) {
      let start = ContinuousClock.now
      let readers = try (0..<count).map { number -> HTTPConnection in
        let connection = try HTTPConnection(port: stage.daemon.ports.object, seconds: 60)
        try connection.sendRequest("GET", "/s3/\(name)\(number)")
        return connection
      }
      let replies = try readers.map { try $0.receive() }
      return (
        replies.map(\.status), ContinuousClock.now - start,
        replies.allSatisfy { $0.headers["retry-after"] != nil }
      )
    }

    @Test("requests are told so instead of queueing, and the first answer ends it")
    func failsFast() async throws {
      try await blocking {
        let stage = try UFSFaultStage(options: ["alluxio.underfs.s3.request.timeout": "1s"]) {
          try writeBytes([1, 2, 3], to: "\($0)/k")
        }
        stage.proxy.play(.always(.stall(after: nil)))
        let first = try Self.storm(stage, 40, "a")
        #expect(first.statuses == Array(repeating: 503, count: 40))
        #expect(first.took < .seconds(15), "\(first.took)")
        let second = try Self.storm(stage, 40, "b")
        #expect(second.statuses == Array(repeating: 503, count: 40))
        #expect(second.took < .seconds(10), "\(second.took)")
        #expect(second.hasRetryAfter)
        #expect(stage.daemon.logText.contains("does not answer"), "\(stage.daemon.logText)")
        stage.proxy.play(.clean)
        #expect(try eventually(.seconds(10)) { try stage.get("k").status == 200 })
        stage.expectAlive()
      }
    }

    @Test("a request ends at its deadline, whatever the store's own timeouts are")
    func deadline() async throws {
      try await blocking {
        let patience = [
          "alluxio.underfs.s3.request.timeout": "60s", "alluxio.underfs.s3.socket.timeout": "60s",
        ]
        let stage = try UFSFaultStage(
          options: patience,
          settings: [
            "-Dpenstock.worker.ufs.question.deadline=2s", "-Dpenstock.worker.ufs.read.deadline=2s",
          ]
        ) { try writeBytes(patterned(300_000, seed: 3), to: "\($0)/k") }
        stage.proxy.play(.always(.stall(after: nil)))
        let start = ContinuousClock.now
        let head = try stage.get("k")
        #expect(head.status == 503)
        #expect(ContinuousClock.now - start < .seconds(8))
        stage.proxy.play(FaultScript { $0.method == "GET" ? .stall(after: 70_000) : .none })
        #expect(try eventually(.seconds(10)) { try stage.get("k").status != 503 })
        let before = ContinuousClock.now
        let cut = try stage.get("k")
        #expect(cut.status == nil || cut.status == 503, "the body is cut, or refused")
        #expect(ContinuousClock.now - before < .seconds(12))
        #expect(stage.daemon.logText.contains("response cut after"), "\(stage.daemon.logText)")
        stage.expectAlive()
      }
    }

    @Test("clients that leave are noticed, and nothing is asked for them")
    func departures() async throws {
      try await blocking {
        let stage = try UFSFaultStage(
          options: [
            "alluxio.underfs.s3.request.timeout": "60s",
            "alluxio.underfs.s3.socket.timeout": "60s",
            "penstock.worker.ufs.host.requests.max": "4",
          ]
        ) { try writeBytes([1], to: "\($0)/k") }
        stage.proxy.play(.always(.stall(after: nil)))
        do {
          let leavers = try (0..<60).map { number -> HTTPConnection in
            let connection = try HTTPConnection(port: stage.daemon.ports.object, seconds: 60)
            try connection.sendRequest("GET", "/s3/k\(number)")
            return connection
          }
          #expect(
            try eventually(.seconds(20)) {
              try stage.daemon.metric("penstock_ufs_requests_waiting") == 56
            })
          _ = leavers.count
        }
        #expect(
          try eventually(.seconds(10)) {
            try stage.daemon.metric("penstock_ufs_requests_waiting") == 0
          })
        // The worker asks for the mount itself once, with a GET.
        let asked = stage.proxy.counters.requestsByMethod["HEAD"] ?? 0
        #expect(asked <= 8, "\(stage.proxy.counters)")
        // Those on the wire, too: the store would have another minute to answer them; the worker's own question has ten seconds.
        #expect(
          try eventually(.seconds(20)) {
            try stage.daemon.metric("penstock_ufs_requests_in_flight") == 0
              && stage.proxy.counters.inFlight == 0
          }, "\(stage.proxy.counters)")
        stage.expectAlive()
      }
    }

    @Test("refused credentials are told in the log, once for many requests; missing files are not")
    func log() async throws {
      try await blocking {
        let stage = try UFSFaultStage()
        for number in 0..<5 { #expect(try stage.get("none\(number)").status != 200) }
        stage.proxy.play(.always(.status(403)))
        for number in 0..<20 { #expect(try stage.get("k\(number)").status == 403) }
        let lines = stage.daemon.logText.split(separator: "\n").filter { $0.contains(" WARNING ") }
        #expect(lines.filter { $0.contains("status 403") }.count == 1, "\(lines)")
      }
    }
  }
}
