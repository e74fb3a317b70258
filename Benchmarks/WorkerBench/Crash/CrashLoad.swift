// The mixed load under which a worker is killed.
//
//   thread 0…3   reads: ranges, or whole files under pressure         thread 4   rewrites, loads, drops, one after the other

import BenchSupport
import DaemonDriver
import Glibc
import Synchronization

/// Threads that keep a worker busy until it is killed.
final class CrashLoad: Sendable {
  private static let readerCount = 4
  private static let rangeSizeMax = 1 << 20

  private let data: CrashData
  private let ports: DaemonPorts
  private let tally: CrashTally
  private let seed: UInt64
  private let isPressure: Bool
  /// The worker may not listen yet.
  private let isStarting: Bool
  private let isOver = Atomic(false)

  /// A load on the worker at `ports`; what it does follows from `seed`, when it does that from the machine.
  init(
    _ data: CrashData, ports: DaemonPorts, tally: CrashTally, seed: UInt64, isPressure: Bool,
    isStarting: Bool
  ) {
    self.data = data
    self.ports = ports
    self.tally = tally
    self.seed = seed
    self.isPressure = isPressure
    self.isStarting = isStarting
  }

  /// Loads the worker for `time` and has `kill` end it then; returns when no thread runs.
  func run(for time: Duration, kill: () -> Void) throws(DriverError) {
    let threads = Threads(count: Self.readerCount + 1) { self.work($0) }
    usleep(UInt32(seconds(time) * 1e6))
    // First: from here on a failure is expected.
    isOver.store(true, ordering: .sequentiallyConsistent)
    kill()
    guard !threads.areRunning(for: .seconds(60)) else {
      throw .program("a request went on for a minute after the worker was killed")
    }
  }

  private var isRunning: Bool { !isOver.load(ordering: .sequentiallyConsistent) }

  private func work(_ thread: Int) {
    var generator = SampleGenerator(seed: seed &+ UInt64(thread) &* 0x1234_5678_9abc)
    if thread == Self.readerCount { return change(&generator) }
    var reader = CrashReader(data: data, port: ports.object)
    while isRunning {
      let file = Int.random(in: 0..<data.count, using: &generator)
      let length = data.length(of: file, data.current(of: file).lowerBound)
      let start = Int.random(in: 0..<length, using: &generator)
      let size = Int.random(in: 1...Self.rangeSizeMax, using: &generator)
      let range = isPressure ? nil : start..<min(length, start + size)
      let outcome = reader.read(file, range)
      if case .failed = outcome, isStarting { usleep(1_000) }
      tally.count(outcome, isExcused: isStarting || !isRunning)
    }
  }

  private func change(_ generator: inout SampleGenerator) {
    while isRunning {
      let file = Int.random(in: 0..<data.count, using: &generator)
      let choice = Int.random(in: 0..<8, using: &generator)
      do throws(DriverError) {
        switch choice {
        case 0...2: try data.rewrite(file)
        case 3...5: try load(choice == 5 ? "\(file % 8)" : data.name(of: file))
        default: try free(choice == 7 ? "\(file % 8)" : data.name(of: file))
        }
      } catch {
        if isRunning, !isStarting { tally.note("\(error)") }
      }
      usleep(UInt32.random(in: 100...10_000, using: &generator))
    }
  }

  private func load(_ name: String) throws(DriverError) {
    let path = percentEncoded(path: "file://\(data.folder)/\(name)")
    let response = try HTTPConnection(port: ports.rest).request(
      "GET", "/v1/load?path=\(path)&opType=submit")
    guard response.status == 200 else {
      throw .program("load of \(name): \(response.status) \(response.text)")
    }
  }

  private func free(_ name: String) throws(DriverError) {
    let response = try HTTPConnection(port: ports.web).request(
      "POST", "/v1/cache/free", headers: [("Content-Type", "application/json")],
      body: Array("{\"path\":\"/data/\(name)\"}".utf8))
    guard response.status == 200 else {
      throw .program("free of \(name): \(response.status) \(response.text)")
    }
  }
}
