// What networks and web servers do, done to a worker over HTTP: the right bytes come, or an error that says what is wrong.

import DaemonDriver
import FaultProxy
import Foundation
import Testing

extension Integration {
  @Suite("Faults of a web server")
  struct WebFaultTests {
    /// A fault, and the statuses that it may end in when it stays.
    struct Case: Sendable, CustomTestStringConvertible {
      let name: String
      let fault: Fault
      /// Whether one such reply and then good ones are healed within one request.
      var heals = true
      var statuses: Set<Int> = [503]

      var testDescription: String { name }
    }

    static let cases = [
      Case(name: "reset before the head", fault: .resetBeforeHead),
      Case(name: "end without a reply", fault: .closeBeforeHead),
      Case(name: "reset after the head", fault: .resetAfterHead),
      Case(name: "reset in the body", fault: .resetInBody(after: 70_000)),
      Case(name: "early end", fault: .truncate(after: 70_000), statuses: [502, 503]),
      Case(name: "silence", fault: .stall(after: nil)),
      Case(name: "silence in the body", fault: .stall(after: 70_000)),
      Case(name: "429", fault: .status(429)),
      Case(name: "500", fault: .status(500)),
      Case(name: "503", fault: .status(503)),
      Case(name: "no HTTP", fault: .garbage, heals: false, statuses: [502, 503]),
      Case(
        name: "a longer length", fault: .wrongLength(by: 9), heals: false, statuses: [502, 503]),
      Case(
        name: "another range", fault: .wrongRange(by: 4096), heals: false,
        statuses: [409, 502, 503]),
      Case(
        name: "another entity tag", fault: .wrongETag, heals: false, statuses: [409, 502, 503]),
    ]

    @Test(
      "a fault that passes is healed or told, one that stays is told, and nothing is made up",
      arguments: cases)
    func oneFault(_ plan: Case) async throws {
      try await blocking {
        let content = patterned(300_000, seed: 21)
        let stage = try Stage(["once": content, "always": content])
        // The status of the file comes first and is not what is spoiled here.
        let isRead: @Sendable (ProxiedRequest) -> Bool = { $0.method == "GET" }
        stage.proxy.play(.first(1, plan.fault, where: isRead))
        let once = try stage.get("once")
        let isRight = once.status == 200 && identical(once.body, content)
        #expect(
          isRight || !plan.heals && plan.statuses.contains(once.status ?? 0),
          "status \(once.status ?? 0)")
        stage.proxy.play(FaultScript { isRead($0) ? plan.fault : .none })
        let failed = try stage.get("always")
        #expect(
          failed.status.map { plan.statuses.contains($0) } ?? content.starts(with: failed.body),
          "status \(failed.status ?? 0)")
        stage.proxy.play(.clean)
        let isHealed = try eventually(.seconds(10)) {
          let again = try stage.get("always")
          return again.status == 200 && identical(again.body, content)
        }
        #expect(isHealed)
        stage.expectAlive()
      }
    }

    @Test("a storm of 503 costs few requests, and when it is over everything is there")
    func storm() async throws {
      try await blocking {
        let content = patterned(4 << 20, seed: 22)
        let names = (0..<16).map { "f\($0)" }
        let stage = try Stage(Dictionary(uniqueKeysWithValues: names.map { ($0, content) }))
        stage.proxy.play(.always(.status(503)))
        for name in names.prefix(4) {
          let status = try stage.get(name).status
          #expect(status == 503, "status \(status ?? 0)")
        }
        // At most the attempts of one operation each, besides the mount's own question at the start.
        let asked = stage.proxy.requests.count { !$0.target.hasSuffix("/") }
        #expect(asked <= 4 * 6)
        stage.proxy.play(.clean)
        #expect(
          try eventually(.seconds(5)) {
            try names.allSatisfy {
              let read = try stage.get($0)
              return read.status == 200 && identical(read.body, content)
            }
          })
        stage.expectAlive()
      }
    }

    @Test("a tenth of the replies failing is healed with few requests more")
    func tenth() async throws {
      try await blocking {
        let content = patterned(2 << 20, seed: 23)
        let names = (0..<40).map { "f\($0)" }
        let stage = try Stage(Dictionary(uniqueKeysWithValues: names.map { ($0, content) }))
        let faults: [Fault] = [
          .status(503), .resetBeforeHead, .resetInBody(after: 100_000), .truncate(after: 50_000),
        ]
        stage.proxy.play(.share(0.1, of: faults, seed: 5))
        for name in names {
          let read = try stage.get(name)
          #expect(read.status == 200 && identical(read.body, content), "\(name)")
        }
        let counters = stage.proxy.counters
        #expect(counters.faults > 0)
        // Two requests a file are needed: its status and its bytes.
        #expect(
          Double(counters.requests) <= Double(2 * names.count) * 1.25,
          "\(counters.requests) requests, \(counters.faults) faults")
      }
    }

    /// penstockd ── FaultProxy ── nginx over a folder, mounted at `/web`.
    private final class Stage: Sendable {
      let proxy: FaultProxy
      nonisolated(unsafe) private let daemon: DaemonProcess
      nonisolated(unsafe) private let origin: NginxOrigin
      private let scratch: ScratchDirectory

      init(_ files: [String: [UInt8]]) throws {
        scratch = try ScratchDirectory("webfaults")
        for (name, bytes) in files {
          try writeBytes(bytes, to: scratch.path(name))
          // Long ago: a file just written is served and not cached.
          try setTime(of: scratch.path(name), secondsAgo: 1000)
        }
        origin = try NginxOrigin(folder: scratch.path)
        proxy = try FaultProxy(originPort: origin.port)
        let mount = "/web=http://127.0.0.1:\(proxy.port),stall.timeout=1s,request.timeout=8s"
        daemon = try DaemonProcess(
          Binaries.penstockd, ports: .free(), options: ["--mount", mount] + Fixture.memory)
      }

      /// Reads a file through the worker; nil status when the body ended early.
      func get(_ name: String) throws -> (status: Int?, body: [UInt8]) {
        try readObject("/web/\(name)", port: daemon.ports.object)
      }

      /// The worker is there and ready.
      func expectAlive(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(daemon.process.isRunning, "\(daemon.logText)", sourceLocation: sourceLocation)
        #expect(isReady(daemon.ports.web), sourceLocation: sourceLocation)
      }
    }
  }
}
