import Testing

@testable import PenstockClient

@Suite("ClientOptions")
struct ClientOptionsTests {
  @Test("short names and the site file's names mean the same")
  func names() throws {
    let short = try ClientOptions(["socket_dir=/opt/domain", "workers=h1:1,h2"])
    let long = try ClientOptions([
      "alluxio.worker.data.server.domain.socket.address=/opt/domain",
      "alluxio.worker.data.server.domain.socket.as.uuid=true",
    ])
    #expect(short.socketAddress == long.socketAddress)
    #expect(short.socketIsUUID && long.socketIsUUID)
    #expect(
      short.workers == [
        WorkerAddress(host: "h1", port: 1), WorkerAddress(host: "h2", port: 28080),
      ])
    #expect(short.isShortCircuitEnabled && short.retryBase == 50_000_000)
    #expect(short.retryBudget == 120_000_000_000)
  }

  @Test("users whose sockets are believed are named or numbered; by default it is anybody")
  func workerUsers() throws {
    let key = "penstock.user.short.circuit.worker.users"
    #expect(try ClientOptions([]).workerUsers == nil)
    #expect(try ClientOptions(["\(key)=7,*"]).workerUsers == nil)
    #expect(try ClientOptions(["\(key)=root, 4711"]).workerUsers == [0, 4711])
    let error = #expect(throws: ClientError.self) {
      try ClientOptions(["\(key)=no-such-user"])
    }
    #expect(error?.code == .invalid && error?.reason == "there is no user no-such-user")
    #expect(throws: ClientError.self) { try ClientOptions(["\(key)=,"]) }
  }

  @Test(
    "a setting that cannot be used is named",
    arguments: ["nonsense", "sockets=/a", "short_circuit=maybe", "workers=:80", "leases_max=-1"])
  func refused(_ setting: String) throws {
    let error = #expect(throws: ClientError.self) { try ClientOptions([setting]) }
    #expect(error?.code == .invalid)
  }

  @Test(
    "addresses are read with and without a port, and in brackets",
    arguments: [
      ("h", "h", 7), ("h:80", "h", 80), ("[::1]:80", "::1", 80), ("::1", "::1", 7),
      ("[::1]", "::1", 7), ("10.0.0.1:65535", "10.0.0.1", 65535),
    ] as [(String, String, UInt16)])
  func addresses(_ text: String, _ host: String, _ port: UInt16) throws {
    #expect(try ClientOptions.address(text, port: 7) == WorkerAddress(host: host, port: port))
  }

  @Test("a client without any way to bytes is refused")
  func noWay() throws {
    let error = #expect(throws: ClientError.self) {
      try Client(try ClientOptions(["ufs_fallback=false"]))
    }
    #expect(error?.code == .invalid)
    #expect(error?.description.contains("socket_dir=") == true)
  }
}
