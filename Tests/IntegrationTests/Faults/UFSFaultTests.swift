// What stores and networks do, done to a worker: every case ends in the right bytes or in an error that says what is wrong.

import DaemonDriver
import FaultProxy
import Foundation
import Testing

extension Integration {
  @Suite("Faults of a remote store")
  struct UFSFaultTests {
    /// A fault, and the statuses that it may end in when it does not pass.
    struct Case: Sendable, CustomTestStringConvertible {
      let name: String
      let fault: Fault
      /// Whether one such reply and then good ones are healed within one request.
      let heals: Bool
      let statuses: Set<Int>

      var testDescription: String { name }
    }

    static let cases = [
      Case(name: "reset before the head", fault: .resetBeforeHead, heals: true, statuses: [503]),
      Case(name: "end without a reply", fault: .closeBeforeHead, heals: true, statuses: [503]),
      Case(name: "reset after the head", fault: .resetAfterHead, heals: true, statuses: [503]),
      Case(
        name: "reset in the body", fault: .resetInBody(after: 70_000), heals: true, statuses: [503]),
      Case(name: "early end", fault: .truncate(after: 70_000), heals: true, statuses: [503, 502]),
      Case(name: "silence", fault: .stall(after: nil), heals: true, statuses: [503]),
      Case(name: "silence in the body", fault: .stall(after: 70_000), heals: true, statuses: [503]),
      Case(name: "429", fault: .status(429), heals: true, statuses: [503]),
      Case(name: "500", fault: .status(500), heals: true, statuses: [503]),
      Case(name: "503", fault: .status(503), heals: true, statuses: [503]),
      Case(
        name: "503, come back in 1 s", fault: .status(503, retryAfter: 1), heals: true,
        statuses: [503]),
      Case(name: "no HTTP", fault: .garbage, heals: false, statuses: [502, 503]),
      Case(
        name: "a longer length", fault: .wrongLength(by: 9), heals: false, statuses: [502, 503]),
      Case(
        name: "a shorter length", fault: .wrongLength(by: -9), heals: false, statuses: [502, 503]),
      Case(
        name: "another range", fault: .wrongRange(by: 4096), heals: false, statuses: [502, 503]),
      Case(name: "another entity tag", fault: .wrongETag, heals: false, statuses: [409, 502, 503]),
    ]

    @Test(
      "a fault that passes is healed or told, one that stays is told, and nothing is made up",
      arguments: cases)
    func oneFault(_ plan: Case) async throws {
      try await blocking {
        let content = patterned(300_000, seed: 9)
        let stage = try UFSFaultStage { folder in
          for name in ["once", "always"] { try writeBytes(content, to: "\(folder)/\(name)") }
        }
        // The status of the object comes first and is not what is spoiled here.
        let isRead: @Sendable (ProxiedRequest) -> Bool = { $0.method == "GET" }
        stage.proxy.play(.first(1, plan.fault, where: isRead))
        let once = try stage.get("once")
        if plan.heals {
          #expect(once.status == 200 && identical(once.body, content), "status \(once.status ?? 0)")
        } else {
          let isRight = once.status == 200 && identical(once.body, content)
          #expect(isRight || plan.statuses.contains(once.status ?? 0), "status \(once.status ?? 0)")
        }
        stage.proxy.play(FaultScript { isRead($0) ? plan.fault : .none })
        let failed = try stage.get("always")
        #expect(
          failed.status.map { plan.statuses.contains($0) } ?? content.starts(with: failed.body),
          "status \(failed.status ?? 0)")
        stage.proxy.play(.clean)
        // Healed by itself, whatever was remembered of the bad time.
        let isHealed = try eventually(.seconds(10)) {
          let again = try stage.get("always")
          return again.status == 200 && identical(again.body, content)
        }
        #expect(isHealed)
        stage.expectAlive()
      }
    }

    @Test("a range that is answered with the whole object is refused or cut, never shifted")
    func wholeObject() async throws {
      try await blocking {
        let content = patterned(3 << 20 | 5, seed: 10)
        let stage = try UFSFaultStage { try writeBytes(content, to: "\($0)/k") }
        stage.proxy.play(.always(.wholeObject))
        let connection = try HTTPConnection(port: stage.daemon.ports.object, seconds: 60)
        let part = try connection.request(
          "GET", "/s3/k", headers: [("Range", "bytes=2097152-2097251")])
        let wanted = Array(content[2_097_152..<2_097_252])
        #expect(
          part.status == 206 && part.body == wanted || part.status >= 500, "status \(part.status)")
        stage.proxy.play(.clean)
        #expect(
          try eventually(.seconds(10)) {
            let all = try stage.get("k")
            return all.status == 200 && identical(all.body, content)
          })
      }
    }

    @Test("byte by byte is slow, not wrong")
    func slowLoris() async throws {
      try await blocking {
        let content = patterned(2000, seed: 11)
        let stage = try UFSFaultStage { try writeBytes(content, to: "\($0)/k") }
        stage.proxy.play(.always(.drip(pause: .microseconds(500))))
        let read = try stage.get("k")
        #expect(read.status == 200 && read.body == content, "status \(read.status ?? 0)")
      }
    }

    @Test("an object replaced while it is read ends the read, and the next one is the new object")
    func replaced() async throws {
      try await blocking {
        let (old, new) = (patterned(24 << 20, seed: 12), patterned(24 << 20, seed: 13))
        let stage = try UFSFaultStage(
          settings: ["-Dalluxio.worker.ufs.status.validity=100ms"]
        ) {
          try writeBytes(old, to: "\($0)/k")
          // nginx's entity tag has whole seconds.
          try setTime(of: "\($0)/k", secondsAgo: 100)
        }
        let replace: @Sendable () -> Void = { [root = stage.root] in
          _ = try? writeBytes(new, to: "\(root)/b/k.new")
          _ = rename("\(root)/b/k.new", "\(root)/b/k")
        }
        stage.proxy.play(.first(1, .interlude(after: 1 << 20, replace)) { $0.method == "GET" })
        let read = try stage.get("k")
        // Whole and old, whole and new, or cut short: never a part of each.
        if read.status == 200 {
          #expect(identical(read.body, old) || identical(read.body, new))
        } else {
          #expect(
            read.status.map { $0 == 409 || $0 == 503 }
              ?? (old.starts(with: read.body) || new.starts(with: read.body)))
          #expect(
            eventually(.seconds(5)) { stage.daemon.logText.contains(": changed: ") },
            "\(stage.daemon.logText)")
        }
        #expect(
          try eventually(.seconds(10)) {
            let next = try stage.get("k")
            return next.status == 200 && identical(next.body, new)
          })
      }
    }

    @Test("5 s after a storm the worker is at full speed, without a restart")
    func afterStorm() async throws {
      try await blocking {
        let content = patterned(32 << 20, seed: 14)
        let stage = try UFSFaultStage { folder in
          for number in 0..<6 { try writeBytes(content, to: "\(folder)/k\(number)") }
        }
        func timed(_ key: String) throws -> Duration {
          let start = ContinuousClock.now
          let read = try stage.get(key)
          #expect(
            read.status == 200 && identical(read.body, content), "\(key): \(read.status ?? 0)")
          return ContinuousClock.now - start
        }
        _ = try timed("k0")
        let before = try timed("k1")
        let pid = stage.daemon.process.pid
        stage.proxy.play(
          .share(
            1, of: [.status(503), .status(429), .resetBeforeHead, .stall(after: nil)], seed: 1))
        let readers = try (0..<32).map { number -> HTTPConnection in
          let connection = try HTTPConnection(port: stage.daemon.ports.object, seconds: 60)
          try connection.sendRequest("GET", "/s3/k\(2 + number % 3)")
          return connection
        }
        for reader in readers { _ = try? reader.receive() }
        stage.proxy.play(.clean)
        let end = ContinuousClock.now
        #expect(try eventually(.seconds(5)) { try stage.get("k5", seconds: 5).status == 200 })
        #expect(ContinuousClock.now - end < .seconds(5))
        let after = try (2...4).map { try timed("k\($0)") }.min() ?? .seconds(99)
        #expect(after < before * 3 + .milliseconds(200), "\(after) after, \(before) before")
        #expect(stage.daemon.process.pid == pid)
        stage.expectAlive()
      }
    }

    @Test("when one request in ten fails, 1.2 times the requests are enough")
    func tenPercent() async throws {
      try await blocking {
        let count = 400
        let contents = ["calm/", "wild/"].map {
          ListingOrigin.Content(folder: $0, count: count, size: 20_000, tag: tag(20_000))
        }
        let listing = try ListingOrigin(contents)
        let stage = try UFSFaultStage(listing: listing.port) { folder in
          for content in contents { try write(content, below: folder) }
        }
        #expect(try stage.load("s3://b/calm/").contains("SUCCEEDED"))
        let needed = stage.proxy.counters.requests
        #expect(needed >= count)
        let faults: [Fault] = [
          .status(503), .status(500), .resetBeforeHead, .resetInBody(after: 100),
          .truncate(after: 5000),
        ]
        stage.proxy.play(.share(0.1, of: faults, seed: 3))
        let state = try stage.load("s3://b/wild/")
        #expect(state.contains("SUCCEEDED"), "\(state)")
        let counters = stage.proxy.counters
        #expect(counters.faults > count / 20)
        let used = counters.requests - needed
        #expect(Double(used) <= 1.2 * Double(needed), "\(used) requests, \(needed) needed")
      }
    }

    @Test("a store that lists and checks signatures is loaded whole through a storm")
    func signedStore() async throws {
      try await blocking {
        let names = (0..<80).map { "file \($0) + ü.bin" }
        let stage = try UFSFaultStage(checksSignatures: true) { folder in
          try makeDirectories("\(folder)/set/deep")
          for (index, name) in names.enumerated() {
            let folder = index % 2 == 0 ? "\(folder)/set" : "\(folder)/set/deep"
            try writeBytes(patterned(3000 * index, seed: index), to: "\(folder)/\(name)")
          }
        }
        let faults: [Fault] = [.status(503), .resetBeforeHead, .truncate(after: 50), .status(500)]
        stage.proxy.play(.share(0.1, of: faults, seed: 5))
        let state = try stage.load("s3://b/set/")
        #expect(state.contains("SUCCEEDED"), "\(state)")
        stage.proxy.play(.always(.status(503)))
        for index in [0, 1, 40, 79] {
          let folder = index % 2 == 0 ? "set" : "set/deep"
          let target = percentEncoded(path: "\(folder)/\(names[index])")
          let read = try stage.get(target)
          #expect(read.status == 200 && read.body == patterned(3000 * index, seed: index))
        }
      }
    }

    @Test("a load of 8,192 objects at 200 ms costs neither threads nor memory")
    func manyInFlight() async throws {
      try await blocking {
        let content = ListingOrigin.Content(
          folder: "tiny/", count: 8192, size: 4096, tag: tag(4096))
        let listing = try ListingOrigin([content])
        let stage = try UFSFaultStage(listing: listing.port) { try write(content, below: $0) }
        #expect(try stage.get(ListingOrigin.key(0, of: content)).status == 200)
        let pid = stage.daemon.process.pid
        let threads = ProcessFacts.kibibytes("Threads", of: pid)
        stage.proxy.settings.latency = .milliseconds(200)
        let start = ContinuousClock.now
        let state = try stage.load("s3://b/tiny/")
        let took = ContinuousClock.now - start
        #expect(state.contains("SUCCEEDED"), "\(state)")
        let counters = stage.proxy.counters
        // 2,048 are allowed; how many meet depends on how fast this build asks.
        #expect(counters.inFlightMax >= 128, "\(counters)")
        #expect(ProcessFacts.kibibytes("Threads", of: pid) <= threads + 2)
        let peak = ProcessFacts.kibibytes("VmHWM", of: pid)
        #expect(peak < (256 + 256) << 10, "\(peak) KiB with 256 MiB of pages")
        // One after the other they would take 27 minutes; loads go behind whatever else this machine does.
        #expect(took < .seconds(60), "\(took)")
      }
    }

    @Test("a host without an address is unavailable, by name")
    func noAddress() async throws {
      try await blocking {
        let stage = try UFSFaultStage(endpoint: "http://store.invalid:9000")
        let read = try stage.get("k")
        #expect(read.status == 503, "status \(read.status ?? 0)")
        #expect(String(decoding: read.body, as: UTF8.self).contains(UFSFaultStage.secret) == false)
        stage.expectAlive()
      }
    }

    @Test(
      "a certificate that cannot be trusted is refused; a good one is not",
      arguments: ["server", "expired", "untrusted", "otherHost"])
    func certificates(_ which: String) async throws {
      try await blocking {
        let made = try TestCertificates()
        let pairs = [
          "server": made.server, "expired": made.expired, "untrusted": made.untrusted,
          "otherHost": made.otherHost,
        ]
        let stage = try UFSFaultStage(
          options: ["penstock.underfs.s3.tls.ca.file": made.authority.certificate],
          certificate: pairs[which]
        ) { try writeBytes([1, 2, 3], to: "\($0)/k") }
        let read = try stage.get("k")
        if which == "server" {
          #expect(read.status == 200 && read.body == [1, 2, 3])
        } else {
          #expect((read.status ?? 0) >= 500, "status \(read.status ?? 0)")
          let lines = stage.daemon.logText.split(separator: "\n").filter {
            $0.contains("certificate")
          }
          #expect(!lines.isEmpty, "\(stage.daemon.logText)")
          #expect(lines.allSatisfy { $0.contains("tls.ca.file") }, "the remedy is told: \(lines)")
        }
      }
    }

    @Test("a load that fails is in the log, with the reason and what to do")
    func failedLoad() async throws {
      try await blocking {
        let content = ListingOrigin.Content(folder: "set/", count: 3, size: 100, tag: tag(100))
        let listing = try ListingOrigin([content])
        let stage = try UFSFaultStage(listing: listing.port) { try write(content, below: $0) }
        stage.proxy.play(
          FaultScript { request in
            request.method == "GET" && !request.target.contains("?") ? .status(403) : .none
          })
        let state = try stage.load("s3://b/set/")
        #expect(state.contains("FAILED"), "\(state)")
        let lines = stage.daemon.logText.split(separator: "\n").filter {
          $0.contains("load failed: ")
        }
        #expect(lines.count == 1, "\(stage.daemon.logText)")
        #expect(lines.first?.contains("s3:ListBucket") == true, "\(lines)")
      }
    }

    @Test(
      "a read that hangs is asked a second time where the mount says so, and the second answer serves"
    )
    func hedged() async throws {
      try await blocking {
        let content = patterned(30_000, seed: 15)
        let stage = try UFSFaultStage(
          options: [
            "penstock.worker.ufs.hedge.percentile": "0.9",
            "alluxio.underfs.s3.socket.timeout": "50s", "alluxio.underfs.s3.request.timeout": "60s",
          ]
        ) { folder in
          for number in 0..<140 { try writeBytes(content, to: "\(folder)/k\(number)") }
        }
        for number in 0..<130 { #expect(try stage.get("k\(number)").status == 200) }
        stage.proxy.play(.first(1, .stall(after: nil)) { $0.method == "GET" })
        let start = ContinuousClock.now
        let read = try stage.get("k135")
        #expect(read.status == 200 && identical(read.body, content))
        #expect(ContinuousClock.now - start < .seconds(20))
        // The answer may be with the client before the race is over for the worker.
        #expect(
          try eventually(.seconds(10)) {
            try stage.daemon.metric("penstock_ufs_hedges_won_total") == 1
          })
        let asked = stage.proxy.requests.filter { $0.method == "GET" && $0.target == "/b/k135" }
        #expect(asked.count == 2, "\(asked)")
      }
    }

    @Test(
      "when a store refuses everything clients are told in seconds, and the first success ends it")
    func stormTold() async throws {
      try await blocking {
        let stage = try UFSFaultStage { folder in
          for number in 0..<40 { try writeBytes([7], to: "\(folder)/k\(number)") }
        }
        stage.proxy.play(.always(.status(503)))
        func storm(_ count: Int) throws -> Duration {
          let start = ContinuousClock.now
          let readers = try (0..<count).map { number -> HTTPConnection in
            let connection = try HTTPConnection(port: stage.daemon.ports.object, seconds: 60)
            try connection.sendRequest("GET", "/s3/k\(number)")
            return connection
          }
          for reader in readers {
            let reply = try reader.receive()
            #expect(reply.status == 503 && reply.headers["retry-after"] != nil)
          }
          return ContinuousClock.now - start
        }
        let first = try storm(40)
        #expect(first < .seconds(12), "\(first)")
        let second = try storm(40)
        #expect(second < .seconds(5), "\(second)")
        #expect(stage.daemon.logText.contains("refuses every request"), "\(stage.daemon.logText)")
        stage.proxy.play(.clean)
        #expect(try eventually(.seconds(10)) { try stage.get("k1").status == 200 })
        stage.expectAlive()
      }
    }

    @Test("no credential is in logs, metrics, errors or process arguments")
    func credentials() async throws {
      try await blocking {
        let stage = try UFSFaultStage { try writeBytes(patterned(5000, seed: 1), to: "\($0)/k") }
        var told: [UInt8] = []
        for fault in [Fault.none, .status(403), .status(503), .resetBeforeHead, .garbage] {
          stage.proxy.play(.always(fault))
          told += try stage.get("k-\(told.count)").body
          let rest = try HTTPConnection(port: stage.daemon.ports.rest, seconds: 60)
          told += try rest.request("GET", "/v1/info?path=s3://b/k").body
          told += try rest.request("GET", "/v1/files?path=s3://b/").body
        }
        let web = try HTTPConnection(port: stage.daemon.ports.web)
        told += try web.request("GET", "/metrics").body
        told += try readBytes("/proc/\(stage.daemon.process.pid)/cmdline")
        told += try readBytes(stage.daemon.log)
        let text = String(decoding: told, as: UTF8.self)
        #expect(!text.contains(UFSFaultStage.secret))
        #expect(!text.contains("Signature="), "a signature was told")
        #expect(stage.proxy.requests.contains { $0.headers["authorization"] != nil }, "it was used")
        let seen = stage.proxy.requests.flatMap { [$0.target] + $0.headers.values }
        #expect(!seen.contains { $0.contains(UFSFaultStage.secret) })
      }
    }
  }
}

/// nginx's entity tag of an object that has the listing's time.
func tag(_ size: Int) -> String {
  "\(String(ListingOrigin.modified, radix: 16))-\(String(size, radix: 16))"
}

/// Writes the objects of a listing below the bucket's folder.
func write(_ content: ListingOrigin.Content, below folder: String) throws {
  try makeDirectories("\(folder)/\(content.folder)")
  let bytes = patterned(content.size, seed: 3)
  for index in 0..<content.count {
    let path = "\(folder)/\(ListingOrigin.key(index, of: content))"
    try writeBytes(bytes, to: path)
    var times = [timespec(), timespec()]
    for place in times.indices { times[place].tv_sec = ListingOrigin.modified }
    guard utimensat(AT_FDCWD, path, &times, 0) == 0 else { throw DriverError.program("utimensat") }
  }
}
