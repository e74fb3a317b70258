import DaemonDriver
import HTTPWire
import Model
import PageStore
import Ring
import Testing

@testable import WorkerDaemon

/// The cache API on a loopback port, over a service with rules.
final class CacheAPIFixture: Sendable {
  let policies: PolicyFixture
  let port: UInt16
  private let server: HTTPServer

  init(
    ttlEnabled: Bool = true, scratch: String? = nil, pinnedRatio: Double = 0.5
  ) async throws {
    policies = try PolicyFixture(
      pinnedRatio: pinnedRatio, ttlEnabled: ttlEnabled,
      file: scratch.map { RulesFile(directory: $0) })
    let api = CacheAPI(
      policies: policies.policies, mounts: policies.service.files.mounts)
    let handler = OperationsHandler(
      metrics: { MetricsPage() }, readiness: { .ready }, numa: { .thisMachine }, cache: api)
    server = try await HTTPServer.start(
      on: policies.service.group.reactors,
      options: .patient, handler: handler)
    port = server.port
  }

  static func run(
    ttlEnabled: Bool = true, scratch: String? = nil, pinnedRatio: Double = 0.5,
    _ body: (CacheAPIFixture) async throws -> Void
  ) async throws {
    let fixture = try await CacheAPIFixture(
      ttlEnabled: ttlEnabled, scratch: scratch, pinnedRatio: pinnedRatio)
    do {
      try await body(fixture)
    } catch {
      await fixture.stop()
      throw error
    }
    await fixture.stop()
  }

  private func stop() async {
    await server.drain(within: .seconds(5))
    policies.service.stop()
  }

  func call(
    _ method: String, _ target: String, _ body: String = ""
  ) throws -> (status: Int, value: JSONValue) {
    let response = try HTTPConnection(port: port).request(
      method, "/v1/cache/\(target)", body: body.isEmpty ? nil : Array(body.utf8))
    return (response.status, try JSONReader.parse(response.body))
  }
}

@Suite("CacheAPI")
struct CacheAPITests {
  @Test("rules are added, listed, updated and removed, in Alluxio's words")
  func rules() async throws {
    try await CacheAPIFixture.run { api in
      let added = try api.call("POST", "ttl", #"{"path":"/s3/data/","time":"1h"}"#)
      #expect(added.status == 200)
      #expect(added.value["message"]?.text == "Added alluxioPath=/s3/data/ and time=1h")
      #expect(added.value["warning"] == nil)
      let bare = try api.call("POST", "ttl", #"{"path":"/s3/bare","time":"5"}"#)
      #expect(bare.value["message"]?.text == "Added alluxioPath=/s3/bare and time=5 (5ms)")
      #expect(try api.call("DELETE", "ttl?path=/s3/bare").status == 200)
      let again = try api.call("POST", "ttl", #"{"path":"/s3/data","time":"2h"}"#)
      #expect(again.status == 409 && again.value["code"]?.text == "EXISTS")
      let updated = try api.call("PUT", "ttl", #"{"path":"/s3/data","time":"30s"}"#)
      #expect(updated.value["message"]?.text == "Updated alluxioPath=/s3/data and time=30s")
      #expect(updated.value["warning"]?.text?.contains("check.interval") == true)
      let list = try api.call("GET", "ttl")
      #expect(list.value["rules"]?.elements?.count == 1)
      #expect(list.value["rules"]?.elements?[0]["path"]?.text == "/s3/data")
      #expect(list.value["rules"]?.elements?[0]["time"]?.text == "30s")
      let removed = try api.call("DELETE", "ttl?path=/s3/data/")
      #expect(removed.value["message"]?.text == "Removed alluxioPath=/s3/data/")
      let missing = try api.call("DELETE", "ttl?path=/s3/data/")
      #expect(missing.status == 404 && missing.value["code"]?.text == "NOT_FOUND")
      #expect(try api.call("PUT", "ttl", #"{"path":"/x","time":"1h"}"#).status == 404)
    }
  }

  @Test("priorities and quotas are rules like these")
  func priorityAndQuota() async throws {
    try await CacheAPIFixture.run { api in
      let priority = try api.call("POST", "priority", #"{"path":"/a","priority":"HIGH"}"#)
      #expect(priority.value["message"]?.text == "Added alluxioPath=/a and priority=HIGH")
      let priorities = try api.call("GET", "priority").value["rules"]
      #expect(priorities?.elements?[0]["priority"]?.text == "high")
      #expect(try api.call("POST", "quota", #"{"path":"/a","size":"1MB"}"#).status == 200)
      let quotas = try api.call("GET", "quota").value["rules"]
      #expect(quotas?.elements?[0]["bytes"]?.integer == 1 << 20)
      // The path of the under file system means the same place.
      let ufs = try api.call("PUT", "quota", #"{"path":"file:///fake/a","size":"2MB"}"#)
      #expect(ufs.status == 200)
      let status = try api.call("GET", "status").value
      #expect(status["quotas"]?.elements?[0]["bytes"]?.integer == 2 << 20)
      #expect(status["rules"]?["priority"]?.integer == 1)
    }
  }

  @Test(
    "what makes no sense is refused with 4xx, a word and a sentence",
    arguments: [
      ("POST", "ttl", #"{"path":"/a"}"#, 400), ("POST", "ttl", #"{"time":"1h"}"#, 400),
      ("POST", "ttl", #"{"path":"/a","time":"soon"}"#, 400),
      ("POST", "ttl", #"{"path":"/a","time":"0s"}"#, 400),
      ("POST", "ttl", #"{"path":"/a","time":"-1s"}"#, 400), ("POST", "ttl", "[", 400),
      ("POST", "ttl", "[]", 400), ("POST", "ttl", #"{"path":["/a"],"time":"1h"}"#, 400),
      ("POST", "priority", #"{"path":"/a","priority":"urgent"}"#, 400),
      ("POST", "quota", #"{"path":"/a","size":"-1"}"#, 400),
      ("POST", "pin", #"{"path":"/a/../b"}"#, 403), ("POST", "pin", #"{"path":"a"}"#, 400),
      ("GET", "files?limit=0", "", 400), ("GET", "files?limit=x", "", 400),
      ("GET", "files?cursor=zz", "", 400), ("GET", "nothing", "", 404), ("GET", "", "", 404),
      ("GET", "free", "", 405), ("DELETE", "status", "", 405), ("GET", "scrub", "", 501),
    ])
  func refused(_ method: String, _ target: String, _ body: String, _ status: Int) async throws {
    try await CacheAPIFixture.run { api in
      let answer = try api.call(method, target, body)
      #expect(answer.status == status, "\(answer.value)")
      #expect(answer.value["message"]?.text?.isEmpty == false)
      #expect(answer.value["code"]?.text?.isEmpty == false)
      #expect(api.policies.policies.book.rules.pins.isEmpty)
    }
  }

  @Test("a body beyond the bound is refused, not collected")
  func largeBody() async throws {
    try await CacheAPIFixture.run { api in
      let body = #"{"path":"\#(String(repeating: "a", count: 100_000))"}"#
      let answer = try api.call("POST", "pin", body)
      #expect(answer.status == 413)
    }
  }

  @Test("a policy that is off takes no rules, and says how to switch it on")
  func disabled() async throws {
    try await CacheAPIFixture.run(ttlEnabled: false) { api in
      let answer = try api.call("POST", "ttl", #"{"path":"/a","time":"1h"}"#)
      #expect(answer.status == 409 && answer.value["code"]?.text == "DISABLED")
      #expect(answer.value["message"]?.text?.contains("alluxio.ttl.policy.enabled=true") == true)
    }
  }

  @Test("files are listed in parts that join without a gap, with what the rules say of them")
  func files() async throws {
    try await CacheAPIFixture.run { api in
      for index in 0..<5 {
        api.policies.put("d/\(index)", pages: 1)
        try await api.policies.read("d/\(index)")
      }
      _ = try api.call("POST", "ttl", #"{"path":"/d","time":"1h"}"#)
      _ = try api.call("POST", "priority", #"{"path":"/d/3","priority":"low"}"#)
      var names: [String] = []
      var cursor = ""
      repeat {
        let part = try api.call("GET", "files?path=/d&limit=2&cursor=\(cursor)").value
        for file in part["files"]?.elements ?? [] {
          names.append(file["path"]?.text ?? "")
          #expect(file["cachedBytes"]?.integer == Int64(api.policies.service.pageSize))
          let age = (file["expiresMs"]?.integer ?? 0) - (file["cachedSinceMs"]?.integer ?? 0)
          #expect(age == 3_600_000)
          #expect(file["priority"]?.text == (names.last == "/d/3" ? "low" : "medium"))
        }
        cursor = part["cursor"]?.text ?? ""
      } while !cursor.isEmpty
      #expect(names == (0..<5).map { "/d/\($0)" })
    }
  }

  @Test("freeing says what was freed, and keeps what is pinned")
  func free() async throws {
    try await CacheAPIFixture.run { api in
      let page = Int64(api.policies.service.pageSize)
      for name in ["d/a", "d/b"] {
        api.policies.put(name, pages: 2)
        try await api.policies.read(name)
      }
      let pinned = try api.call("POST", "pin", #"{"path":"/d/b"}"#)
      #expect(pinned.value["cachedBytes"]?.integer == 2 * page)
      let freed = try api.call("POST", "free", #"{"path":"/d"}"#).value
      #expect(freed["freedBytes"]?.integer == 2 * page && freed["freedFiles"]?.integer == 1)
      #expect(freed["pinnedBytes"]?.integer == 2 * page)
      let again = try api.call("POST", "free", #"{"path":"/d"}"#).value
      #expect(again["freedBytes"]?.integer == 0, "nothing is freed twice")
      let forced = try api.call("POST", "free", #"{"path":"/d","force":true}"#).value
      #expect(forced["freedBytes"]?.integer == 2 * page)
      #expect(try api.call("GET", "status").value["usedBytes"]?.integer == 0)
      #expect(try api.call("POST", "unpin", #"{"path":"/d/b"}"#).status == 200)
    }
  }

  @Test("more than may be pinned is refused by name and changes nothing")
  func pinLimit() async throws {
    try await CacheAPIFixture.run(pinnedRatio: 0.01) { api in
      api.policies.put("d/a", pages: 2)
      try await api.policies.read("d/a")
      let answer = try api.call("POST", "pin", #"{"path":"/d"}"#)
      #expect(answer.status == 507 && answer.value["code"]?.text == "NO_ROOM")
      #expect(
        answer.value["message"]?.text?.contains("penstock.worker.page.store.pinned.ratio.max")
          == true)
      #expect(try api.call("GET", "pin").value["rules"]?.elements?.isEmpty == true)
    }
  }

  @Test("a rule that was answered is on the disk")
  func kept() async throws {
    let scratch = try ScratchDirectory("rules")
    try await CacheAPIFixture.run(scratch: scratch.path) { api in
      let answer = try api.call("POST", "pin", #"{"path":"/p"}"#)
      let kept = try RulesFile(directory: scratch.path).load()
      #expect(answer.status == 200 && kept.pins.count == 1)
    }
  }
}
