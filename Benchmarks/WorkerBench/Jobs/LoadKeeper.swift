// A load that goes on for as long as it is wanted.

import DaemonDriver
import Glibc
import Synchronization

/// Keeps a load going in a thread: one that ends is freed and begun again.
final class LoadKeeper {
  private final class Shared: Sendable {
    let isStopped = Atomic(false)
    let sums = Mutex<(files: Int, bytes: Int)>((0, 0))
    let failure = Mutex<String?>(nil)
  }

  private let start = JobsCommand.now()
  private let shared = Shared()
  private let threads: Threads

  /// Begins to load `path`, which is mounted at `mount`; returns when files come.
  init(_ mount: String, _ path: String, _ access: JobAccess) throws {
    let shared = shared
    let (web, worker) = (access.web, access.worker)
    threads = Threads(count: 1) { _ in
      do {
        try Self.load(path, mount, try JobAccess(web, worker: worker), shared)
      } catch {
        shared.failure.withLock { $0 = "\(error)" }
      }
    }
    for _ in 0..<2000 {
      if let figures = try? access.counts(path), figures.loaded > 0 { return }
      usleep(5_000)
    }
    throw DriverError.program("the load of \(path) did not get under way")
  }

  /// Ends the load; returns files and bytes loaded a second.
  func stop() throws -> (files: Double, bytes: Double) {
    shared.isStopped.store(true, ordering: .releasing)
    while threads.areRunning(for: .seconds(1)) {}
    let time = Double(JobsCommand.now() - start) / 1e9
    if let failure = shared.failure.withLock({ $0 }) { throw DriverError.program(failure) }
    let sums = shared.sums.withLock { $0 }
    return (Double(sums.files) / time, Double(sums.bytes) / time)
  }

  private static func load(
    _ path: String, _ mount: String, _ access: JobAccess, _ shared: Shared
  ) throws {
    func isStopped() -> Bool { shared.isStopped.load(ordering: .acquiring) }
    while !isStopped() {
      try access.submit(path)
      var figures = try access.counts(path)
      while !figures.hasEnded, !isStopped() {
        usleep(20_000)
        figures = try access.counts(path)
      }
      if !figures.hasEnded { try access.stop(path) }
      guard figures.state != "FAILED" else { throw DriverError.program("a load: \(figures.text)") }
      shared.sums.withLock {
        $0 = ($0.files + figures.loaded, $0.bytes + figures.bytes[1])
      }
      try access.free(mount)
    }
  }
}
