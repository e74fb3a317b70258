// What a store is still asked for after a stop was answered: many small objects and large ones at once.

import BenchSupport
import DaemonDriver
import FaultProxy
import Glibc

extension JobsCommand {
  /// A store with a job that loads from it.
  private struct Stage {
    let name: String
    let content: ListingOrigin.Content
    let origin: LatencyOrigin
    /// Reads that must have come before the stop.
    let readCountMin: Int
    /// Milliseconds from each stop's answer to the last request; negative when that came before.
    var lasts: [Double] = []
    /// Requests after the answers, and those later than 200 ms.
    var (after, late) = (0, 0)
    /// Requests before the stops.
    var before = 0

    init(_ name: String, count: Int, size: Int, latency: Duration, readCountMin: Int) throws {
      self.name = name
      content = ListingOrigin.Content(folder: "set/", count: count, size: size, tag: "0abc")
      origin = try LatencyOrigin(content, latency: latency, logsArrivals: true)
      self.readCountMin = readCountMin
    }

    var path: String { "s3://\(name)/set" }

    mutating func note(_ arrivals: [LatencyOrigin.Arrival], stop: UInt64) {
      let times = arrivals.map { Double($0.time) - Double(stop) }
      lasts.append((times.max() ?? .nan) / 1e6)
      after += times.count { $0 > 0 }
      late += times.count { $0 > 200e6 }
      before += times.count { $0 <= 0 }
    }
  }

  /// Stops in the midst of a load of each kind.
  func cancel() throws -> IngestSection {
    let count = max(10, rounds)
    var stages = [
      try Stage(
        "small", count: 500_000, size: 1024, latency: .milliseconds(20), readCountMin: 2000),
      try Stage("large", count: 4000, size: 8 << 20, latency: .milliseconds(50), readCountMin: 20),
    ]
    let processes = try JobProcesses(
      daemon, .apart, mounts: stages.map { Self.mount($0.name, $0.origin.port) },
      settings: memory(512 << 20))
    for round in 0..<count {
      for stage in stages { try processes.access.free("/\(stage.name)/set") }
      for stage in stages { try processes.access.submit(stage.path) }
      var logs: [[LatencyOrigin.Arrival]] = stages.map { _ in [] }
      try waitForReads(stages, &logs)
      // At another moment of the load each time.
      usleep(useconds_t(round * 37_000 % 300_000))
      var stops: [UInt64] = []
      for stage in stages {
        try processes.access.stop(stage.path)
        stops.append(Self.now())
      }
      // Five times as long as requests may still come.
      usleep(1_000_000)
      for index in stages.indices {
        logs[index] += stages[index].origin.takeArrivals()
        stages[index].note(logs[index], stop: stops[index])
      }
    }
    return section(stages, count)
  }

  private func waitForReads(_ stages: [Stage], _ logs: inout [[LatencyOrigin.Arrival]]) throws {
    for _ in 0..<6000 {
      for (index, stage) in stages.enumerated() { logs[index] += stage.origin.takeArrivals() }
      let areUnderWay = zip(stages, logs).allSatisfy { stage, log in
        log.count(where: \.isRead) >= stage.readCountMin
      }
      if areUnderWay { return }
      usleep(5_000)
    }
    throw DriverError.program("the loads did not get under way")
  }

  private func section(_ stages: [Stage], _ count: Int) -> IngestSection {
    var section = IngestSection(
      "Requests at the store after a stop was answered",
      notes: stages.map { stage in
        "\(stage.content.count) objects of \(sizeText(stage.content.size)), \(count) stops in the midst"
          + " (\(stage.before) requests before them): \(stage.after) requests after the answer, the last one"
          + " \(fixed(stage.lasts.max() ?? .nan, 1)) ms after it (negative: before), median"
          + " \(fixed(middle(of: stage.lasts), 1)) ms"
      })
    section.targets = stages.map { stage in
      IngestTarget(
        what: "\(stage.name) objects, requests later than 200 ms", value: Double(stage.late),
        bound: 0, isAtLeast: false)
    }
    return section
  }
}
