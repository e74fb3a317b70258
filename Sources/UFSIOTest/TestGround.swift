// Where a test runs: rings, threads, and the UFS opened exactly as the worker opens it.

import HTTPWire
import Model
import Ring
import UFS

/// The parts of the process that a test needs.
struct TestGround: Sendable {
  /// The rings; streams are dealt out to them in turn.
  let group: ReactorGroup
  /// Threads for calls that block.
  let pool: BlockingPool
  /// The mount of the path under test.
  let mount: Mount

  /// Opens everything; blocks.
  ///
  /// - Throws: `.mount`, `.system`.
  init(_ plan: UFSIOTestPlan) throws(UFSIOTestError) {
    do throws(RingError) {
      pool = try BlockingPool(name: "blocking", threads: 8)
      group = try ReactorGroup(count: max(1, plan.ringCount))
    } catch {
      throw UFSIOTestError(.system("rings and threads cannot be started: \(error)"))
    }
    var environment = UFSEnvironment(
      pool: pool,
      http: HTTPClient(
        reactors: group.reactors.count, options: HTTPClientOptions(),
        resolver: HostResolver(pool: pool)))
    environment.settings = plan.settings
    // Who tests says with --threads how much is written at once.
    environment.uploads = UploadMemory(limit: .max)
    do throws(MountError) {
      mount = try Mount(
        opening: MountSpecification(alluxioPath: "/", uri: plan.path, options: plan.options),
        in: environment)
    } catch {
      group.stop()
      pool.stop()
      throw UFSIOTestError(.mount(error))
    }
  }

  /// Ends the threads.
  func close() {
    group.stop()
    pool.stop()
  }

  /// The local path of a file below the root; nil when the UFS is not this machine's.
  func localPath(_ file: String) -> String? {
    mount.uri.scheme == "file" ? "/\(mount.uri.path)/\(file)" : nil
  }

  /// Runs `body` once for each of `count` streams, spread over the rings; blocks until all have ended.
  ///
  /// Once `stop` is set no more are begun: the results are then those of the first.
  func streams<T: Sendable>(
    _ count: Int, until stop: StopFlag? = nil, _ body: @escaping @Sendable (Int) async -> T
  ) -> [T] {
    let reactors = group.reactors
    return reactors[0].wait {
      await withTaskGroup(of: (Int, T).self) { group in
        for index in 0..<count {
          guard stop?.reason == nil else { break }
          group.addTask(executorPreference: reactors[index % reactors.count]) {
            (index, await body(index))
          }
        }
        var results: [(Int, T)] = []
        for await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
      }
    }
  }
}
