// The proxy before a real nginx, looked at through curl: each fault is the one it is called.

import DaemonDriver
import FaultProxy
import Foundation
import Testing

@Suite("The fault proxy", .serialized)
struct FaultProxyTests {
  @Test("without a fault bytes, ranges and errors pass as they are")
  func clean() async throws {
    try await blocking {
      let stage = try Stage()
      let whole = try stage.curl([])
      #expect(whole.status == .code(0) && identical(whole.bytes, stage.content))
      let part = try stage.curl(["-r", "100-4999"])
      #expect(part.code == "206" && part.bytes == Array(stage.content[100..<5000]))
      #expect(try stage.curl([], path: "/b/none").code == "404")
      #expect(try stage.curl(["-I"]).code == "200")
      let counters = stage.proxy.counters
      #expect(counters.requests == 4 && counters.faults == 0)
      #expect(counters.requestsByMethod == ["GET": 3, "HEAD": 1])
      #expect(stage.proxy.requests[1].range == 100...4999)
      #expect(eventually { stage.proxy.counters.openConnections == 0 })
      #expect(stage.proxy.counters.inFlight == 0)
    }
  }

  @Test("one connection carries many requests")
  func keepAlive() async throws {
    try await blocking {
      let stage = try Stage()
      let connection = try HTTPConnection(port: stage.proxy.port)
      for number in 0..<50 {
        let range = "bytes=\(number * 7)-\(number * 7 + 999)"
        let response = try connection.request("GET", "/b/k", headers: [("Range", range)])
        #expect(response.status == 206)
        #expect(response.body == Array(stage.content[(number * 7)..<(number * 7 + 1000)]))
      }
      #expect(stage.proxy.counters.connections == 1 && stage.proxy.counters.requests == 50)
    }
  }

  @Test("resets and early ends come where they are told to")
  func ends() async throws {
    try await blocking {
      let stage = try Stage()
      // curl: 52 no reply, 56 reset, 18 too short.
      #expect(try stage.curl([], .resetBeforeHead).status == .code(56))
      #expect(try stage.curl([], .closeBeforeHead).status == .code(52))
      #expect(try stage.curl([], .resetAfterHead).status == .code(56))
      let reset = try stage.curl([], .resetInBody(after: 100_000))
      #expect(reset.status == .code(56) && reset.bytes.count <= 100_000)
      let short = try stage.curl([], .truncate(after: 100_000))
      #expect(short.status == .code(18) && short.bytes == Array(stage.content[..<100_000]))
      #expect(stage.proxy.counters.faults == 5)
    }
  }

  @Test("a stall says nothing for as long as the client waits, and drips come byte by byte")
  func slow() async throws {
    try await blocking {
      let stage = try Stage()
      #expect(try stage.curl(["-m", "1"], .stall(after: nil)).status == .code(28))
      let stalled = try stage.curl(["-m", "1"], .stall(after: 5000))
      #expect(stalled.status == .code(28) && stalled.bytes == Array(stage.content[..<5000]))
      let start = ContinuousClock.now
      let drip = try stage.curl(["-r", "0-9"], .drip(pause: .milliseconds(2)))
      #expect(drip.bytes == Array(stage.content[..<10]))
      #expect(ContinuousClock.now - start > .milliseconds(400), "a head of 200 bytes and more")
      #expect(eventually { stage.proxy.counters.openConnections == 0 })
    }
  }

  @Test("errors of the store carry their status, their code and when to come back")
  func statuses() async throws {
    try await blocking {
      let stage = try Stage()
      for status in [429, 500, 503] {
        stage.proxy.play(.always(.status(status, retryAfter: status == 500 ? nil : 7)))
        let connection = try HTTPConnection(port: stage.proxy.port)
        for _ in 0..<2 {
          let response = try connection.request("GET", "/b/k")
          #expect(response.status == status && response.text.contains("<Code>"))
          #expect(response.headers["retry-after"] == (status == 500 ? nil : "7"))
        }
      }
      stage.proxy.play(.always(.garbage))
      #expect(throws: DriverError.self) {
        try HTTPConnection(port: stage.proxy.port).request("GET", "/b/k")
      }
    }
  }

  @Test("heads lie about length, range and entity tag, and a range is forgotten")
  func lies() async throws {
    try await blocking {
      let stage = try Stage()
      let headers = [("Range", "bytes=1000-1999")]
      func response(_ fault: Fault) throws -> HTTPResponse {
        stage.proxy.play(.always(fault))
        return try HTTPConnection(port: stage.proxy.port).request("GET", "/b/k", headers: headers)
      }
      let honest = try response(.none)
      #expect(honest.headers["content-range"] == "bytes 1000-1999/\(stage.content.count)")
      #expect(
        try response(.wrongRange(by: 8)).headers["content-range"]
          == "bytes 1008-2007/\(stage.content.count)")
      #expect(try response(.wrongETag).headers["etag"] != honest.headers["etag"])
      #expect(try response(.wrongLength(by: -10)).body.count == 990)
      #expect(throws: DriverError.self) { try response(.wrongLength(by: 10)) }
      let whole = try response(.wholeObject)
      #expect(whole.status == 200 && whole.body.count == stage.content.count)
    }
  }

  @Test("something else can happen in the middle of a body")
  func interlude() async throws {
    try await blocking {
      let stage = try Stage()
      let path = stage.scratch.path("happened")
      let run = try stage.curl(
        [], .interlude(after: 70_000) { _ = try? writeBytes([1], to: path) })
      #expect(identical(run.bytes, stage.content))
      #expect(try readBytes(path) == [1])
    }
  }

  @Test("a share of the requests fails, the same ones for the same seed")
  func share() async throws {
    try await blocking {
      let stage = try Stage()
      func failures(_ seed: UInt64) throws -> [Int] {
        stage.proxy.play(.share(0.1, of: [.status(500), .status(503)], seed: seed))
        let first = stage.proxy.counters.requests
        let connection = try HTTPConnection(port: stage.proxy.port)
        return try (first..<(first + 500)).filter { _ in
          try connection.request("HEAD", "/b/k").status >= 500
        }.map { $0 - first }
      }
      let count = try failures(1).count
      #expect((25...85).contains(count), "\(count) of 500")
      let again = try Stage()
      again.proxy.play(.share(0.1, of: [.status(500), .status(503)], seed: 1))
      let connection = try HTTPConnection(port: again.proxy.port)
      let statuses = try (0..<500).map { _ in try connection.request("HEAD", "/b/k").status }
      #expect(statuses.filter { $0 >= 500 }.count == count)
    }
  }

  @Test("2,048 requests in flight at a latency of 200 ms take little longer than one")
  func latency() async throws {
    try await blocking {
      let stage = try Stage()
      stage.proxy.settings.latency = .milliseconds(200)
      let threads = ProcessFacts.kibibytes("Threads", of: getpid())
      let connections = try (0..<2048).map { _ in
        try HTTPConnection(port: stage.proxy.port, bufferSize: 4096)
      }
      let start = ContinuousClock.now
      for connection in connections {
        try connection.sendRequest("GET", "/b/k", headers: [("Range", "bytes=0-999")])
      }
      for connection in connections {
        #expect(try connection.receive().body == Array(stage.content[..<1000]))
      }
      let took = ContinuousClock.now - start
      #expect(took > .milliseconds(200) && took < .seconds(8), "\(took)")
      #expect(stage.proxy.counters.inFlightMax > 1000, "\(stage.proxy.counters)")
      #expect(ProcessFacts.kibibytes("Threads", of: getpid()) < threads + 50)
    }
  }

  @Test("the link's rate is kept, for one connection and for all together")
  func rate() async throws {
    try await blocking {
      let stage = try Stage()
      stage.proxy.settings.connectionRate = 4 << 20
      var start = ContinuousClock.now
      #expect(identical(try stage.curl([]).bytes, stage.content))
      #expect(ContinuousClock.now - start > .milliseconds(220), "1 MiB at 4 MiB/s")
      stage.proxy.settings.connectionRate = nil
      stage.proxy.settings.totalRate = 8 << 20
      start = .now
      let connections = try (0..<4).map { _ in try HTTPConnection(port: stage.proxy.port) }
      for connection in connections { try connection.sendRequest("GET", "/b/k") }
      for connection in connections {
        #expect(identical(try connection.receive().body, stage.content))
      }
      #expect(ContinuousClock.now - start > .milliseconds(450), "4 MiB at 8 MiB/s")
    }
  }

  @Test("a made-up listing has every key once, page by page, and no other")
  func listing() async throws {
    try await blocking {
      let contents = [
        ListingOrigin.Content(folder: "a/", count: 2500, size: 7, tag: "0a"),
        ListingOrigin.Content(folder: "b/", count: 30, size: 7, tag: "0b"),
      ]
      let origin = try ListingOrigin(contents)
      let connection = try HTTPConnection(port: origin.port)
      func keys(_ query: String) throws -> (keys: [String], next: String?, folders: Int) {
        let text = try connection.request("GET", "/bucket?list-type=2&\(query)").text
        let keys = text.matches(of: #/<Key>([^<]*)<\/Key>/#).map { String($0.1) }
        let next = text.firstMatch(of: #/<NextContinuationToken>([^<]*)</#).map { String($0.1) }
        return (keys, next, text.matches(of: #/<CommonPrefixes>/#).count)
      }
      var (found, token): ([String], String?) = ([], nil)
      repeat {
        let page = try keys(
          "prefix=&max-keys=1000" + (token.map { "&continuation-token=\($0)" } ?? ""))
        #expect(page.keys.count <= 1000)
        found += page.keys
        token = page.next
      } while token != nil
      let expected = contents.flatMap { content in
        (0..<content.count).map { ListingOrigin.key($0, of: content) }
      }
      #expect(found == expected)
      #expect(try keys("prefix=a%2F00000002").keys.count == 10)
      #expect(try keys("prefix=b/&start-after=b/000000027").keys == ["b/000000028", "b/000000029"])
      #expect(try keys("prefix=&delimiter=/").folders == 2)
      #expect(try keys("prefix=c/").keys.isEmpty)
    }
  }

  @Test("certificates are what they are called")
  func certificates() async throws {
    try await blocking {
      let made = try TestCertificates()
      let folder = try ScratchDirectory("tls")
      try writeBytes([7], to: folder.path("k"))
      // curl: 60 the certificate cannot be trusted.
      let cases = [
        (made.server, 0), (made.expired, 60), (made.untrusted, 60), (made.otherHost, 60),
      ]
      for (pair, code) in cases {
        var options = NginxOrigin.Options()
        options.certificate = pair
        let origin = try NginxOrigin(folder: folder.path, options: options)
        let run = try CommandRun([
          "curl", "-s", "--cacert", made.authority.certificate,
          "https://localhost:\(origin.port)/k",
        ])
        #expect(run.status == .code(Int32(code)), "\(pair.certificate): \(run.errors)")
      }
      var options = NginxOrigin.Options()
      options.certificate = made.server
      options.clientAuthority = made.authority.certificate
      let origin = try NginxOrigin(folder: folder.path, options: options)
      let base = [
        "curl", "-sf", "--cacert", made.authority.certificate, "https://localhost:\(origin.port)/k",
      ]
      #expect(try !CommandRun(base).succeeded)
      let withClient = base + ["--cert", made.client.certificate, "--key", made.client.key]
      #expect(try CommandRun(withClient).succeeded)
    }
  }
}

/// nginx over a folder with one object of 1 MiB and a bit, and a proxy before it.
private final class Stage {
  let scratch: ScratchDirectory
  let content = patterned(1 << 20 | 77, seed: 5)
  let origin: NginxOrigin
  let proxy: FaultProxy

  init() throws {
    scratch = try ScratchDirectory("faults")
    try makeDirectories(scratch.path("root/b"))
    try writeBytes(content, to: scratch.path("root/b/k"))
    origin = try NginxOrigin(folder: scratch.path("root"))
    proxy = try FaultProxy(originPort: origin.port)
  }

  struct Run {
    let status: DaemonDriver.ExitStatus?
    let code: String
    let bytes: [UInt8]
  }

  /// One curl through the proxy.
  func curl(_ options: [String], _ fault: Fault = .none, path: String = "/b/k") throws -> Run {
    proxy.play(.always(fault))
    let file = scratch.path("body")
    try writeBytes([], to: file)
    let run = try CommandRun(
      ["curl", "-s", "-o", file, "-w", "%{http_code}"] + options
        + ["http://127.0.0.1:\(proxy.port)\(path)"])
    return Run(status: run.status, code: run.output, bytes: try readBytes(file))
  }
}

/// Runs blocking code on a thread of its own, so that other tests keep theirs.
func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
  try await withTaskExecutorPreference(OwnThreads.shared) { try await apart(body) }
}

@concurrent private func apart<T>(_ body: @Sendable () throws -> T) async throws -> T {
  try body()
}

/// Gives each job a thread.
private final class OwnThreads: TaskExecutor {
  static let shared = OwnThreads()

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }.start()
  }
}

/// Asks `condition` again and again until it holds; false when it did not within 20 s.
private func eventually(_ condition: () -> Bool) -> Bool {
  let deadline = ContinuousClock.now + .seconds(20)
  while ContinuousClock.now < deadline { if condition() { return true } }
  return false
}
