// What clients are told of failures below, code by code and endpoint by endpoint: nothing but the source's own word reads as
// "no such file" (compat §16 row 20, where old clients take a 500 for that).

import DaemonDriver
import HTTPWire
import Model
import PageStore
import Ring
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

/// Both ports over a source that fails as it is told.
private final class RefusalFixture: Sendable {
  let ufs = FakeUFS()
  let rest: HTTPServer
  let objects: HTTPServer
  private let group: ReactorGroup
  private let pool: BlockingPool
  private let loads: LoadJobs

  static func run(_ body: (RefusalFixture) async throws -> Void) async throws {
    let fixture = try await RefusalFixture()
    do {
      try await body(fixture)
    } catch {
      await fixture.stop()
      throw error
    }
    await fixture.stop()
  }

  private init() async throws {
    group = try ReactorGroup(count: 1, pinned: false)
    pool = try BlockingPool(name: "test", threads: 1)
    var options = FileService.Options()
    options.statusValidity = .zero
    options.absenceValidity = .zero
    let files = FileService(
      mounts: try TestMounts.table(ufs), store: try PageStore(capacity: 8 << 20),
      reactors: group.reactors, options: options)
    loads = LoadJobs(
      source: FilesLoadSource(files: files, pool: pool), executors: group.reactors)
    let server = HTTPServerOptions(address: .ip("127.0.0.1", port: 0))
    rest = try await HTTPServer.start(
      on: group.reactors, options: server,
      handler: RESTHandler(
        files: files, loads: loads, ringCount: 1,
        options: RESTHandler.Options(advertisedHost: "127.0.0.1", advertisedPort: 28080)))
    objects = try await HTTPServer.start(
      on: group.reactors, options: server, handler: ObjectHandler(files: files, ringCount: 1))
  }

  private func stop() async {
    await loads.stopAll()
    await rest.drain(within: .seconds(5))
    await objects.drain(within: .seconds(5))
    group.stop()
    pool.stop()
  }
}

@Suite("Refusals") struct RefusalTests {
  /// A request of the REST port, and whether it fails when only reads and changes do.
  struct Case: Sendable, CustomTestStringConvertible {
    let method: String
    let target: String
    var isStatusOnly = false

    var testDescription: String { "\(method) \(target)" }
  }

  static let cases: [Case] = {
    let path = "ufsFullPath=file:///fake/a"
    let pair = "srcPath=file:///fake/a&dstPath=file:///fake/b"
    return [
      Case(method: "GET", target: "/v1/info?path=file:///fake/a", isStatusOnly: true),
      Case(method: "HEAD", target: "/v1/info?path=file:///fake/a", isStatusOnly: true),
      Case(method: "GET", target: "/v1/files?path=file:///fake/a", isStatusOnly: true),
      Case(
        method: "GET", target: "/v1/load?path=file:///fake/a&opType=submit", isStatusOnly: true),
      Case(method: "GET", target: "/v1/chunk/x?\(path)&chunkSize=1048576"),
      Case(method: "GET", target: "/v1/file/x/page/0?\(path)"),
      Case(method: "GET", target: "/v1/range/x?\(path)&offset=0&length=10"),
      Case(method: "GET", target: "/v1/head/x?\(path)"),
      Case(method: "GET", target: "/v1/tail/x?\(path)"),
      Case(method: "POST", target: "/v1/chunk/x?\(path)&chunkSize=1048576"),
      Case(method: "POST", target: "/v1/mkdir/x?\(path)"),
      Case(method: "POST", target: "/v1/touch/x?\(path)"),
      Case(method: "POST", target: "/v1/rm/x?\(path)"),
      Case(method: "POST", target: "/v1/mv/x?\(pair)"),
      Case(method: "POST", target: "/v1/copy/x?\(pair)", isStatusOnly: true),
    ]
  }()

  @Test(
    "only the source's own \"not found\" reads as that, on no endpoint anything else",
    arguments: cases)
  func rest(_ plan: Case) async throws {
    try await RefusalFixture.run { fixture in
      fixture.ufs.put("a", Array(repeating: 7, count: 1000), token: "v1")
      for code in UFSError.Code.allCases where code != .notFound {
        for failsStatus in plan.isStatusOnly ? [true] : [true, false] {
          fixture.ufs.failStatus(failsStatus ? code : nil)
          fixture.ufs.failReads(code)
          fixture.ufs.failChanges(code)
          let client = try HTTPConnection(port: fixture.rest.port)
          let reply = try client.request(plan.method, plan.target)
          #expect(reply.status >= 400, "\(code)")
          #expect(reply.status != 404 && reply.status != 500, "\(code): \(reply.status)")
          if reply.status == 503 { #expect(reply.headers["retry-after"] != nil, "\(code)") }
        }
      }
      fixture.ufs.failStatus(.notFound)
      fixture.ufs.failChanges(.notFound)
      let client = try HTTPConnection(port: fixture.rest.port)
      let missing = try client.request(plan.method, plan.target)
      #expect(missing.status == (plan.target.hasPrefix("/v1/info") ? 500 : 404))
    }
  }

  @Test(
    "an object is missing when the source says so, or has a directory there",
    arguments: [
      "GET", "HEAD",
    ])
  func objects(_ method: String) async throws {
    try await RefusalFixture.run { fixture in
      fixture.ufs.put("a", Array(repeating: 7, count: 1000), token: "v1")
      for code in UFSError.Code.allCases {
        for failsStatus in [true, false] {
          fixture.ufs.failStatus(failsStatus ? code : nil)
          fixture.ufs.failReads(code)
          let client = try HTTPConnection(port: fixture.objects.port)
          let reply = try client.request(method, "/a")
          let isMissing = [.notFound, .isDirectory, .notDirectory].contains(code)
          if method == "HEAD", !failsStatus {
            #expect(reply.status == 200)
          } else {
            #expect((reply.status == 404) == isMissing, "\(code): \(reply.status)")
            #expect(reply.status >= 400 && reply.status != 500, "\(code)")
          }
        }
      }
    }
  }
}
