// What is asked of the servers.

/// One kind of request.
struct ServeScenario {
  let name: String
  /// Bytes of each body.
  let bodySize: Int
  /// The path asked for when no script says another.
  let path: String
  /// A header to send with each request.
  var header: String?
  /// A Lua script that chooses the requests.
  var script: String?

  /// 1 MiB pages in random order.
  static func pages(_ data: ServedData) -> ServeScenario {
    ServeScenario(
      name: "1 MiB pages, random", bodySize: ServedData.pageSize, path: "/bench/0.page",
      script: data.pageScript)
  }

  /// 4 KiB ranges at random offsets; Lua chooses.
  static func ranges(_ data: ServedData) -> ServeScenario {
    ServeScenario(
      name: "4 KiB ranges, random", bodySize: ServedData.rangeSize, path: "/bench/big",
      script: data.rangeScript)
  }

  /// 4 KiB ranges at one offset: wrk without Lua, so that the client costs less.
  static let fixedRange = ServeScenario(
    name: "4 KiB ranges, one offset", bodySize: ServedData.rangeSize, path: "/bench/big",
    header: "Range: bytes=4096-8191")
}

/// One measurement of one server.
struct ServeSample {
  let gibPerSecond: Double
  let requestRate: Double
  let cpuPerGiB: Double
  /// Server CPU microseconds for each request.
  let cpuPerRequest: Double
  let p99: Double

  /// Runs `scenario` against `server` for `seconds`.
  init(
    _ scenario: ServeScenario, _ server: BenchServer, connections: Int, seconds: Int, cpu: Int
  ) throws {
    let before = server.cpuSeconds
    let run = try WrkRun(
      url: "http://127.0.0.1:\(server.port)\(scenario.path)", connections: connections,
      seconds: seconds, cpu: cpu, script: scenario.script, header: scenario.header)
    let used = server.cpuSeconds - before
    let gib = run.requestCount * Double(scenario.bodySize) / Double(1 << 30)
    gibPerSecond = gib / run.duration
    requestRate = run.requestRate
    cpuPerGiB = used / gib
    cpuPerRequest = used / run.requestCount * 1e6
    p99 = run.p99
  }
}
