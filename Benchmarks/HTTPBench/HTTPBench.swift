// http-bench: the HTTP client into memory beside curl that throws the bytes away, in turns.

import ArgumentParser
import DaemonDriver
import Glibc
import HTTPWire
import Ring
import Synchronization

/// One GET, split in ranges over streams, by the client of the house and by curl.
@main
struct HTTPBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "http-bench",
    abstract: "Reads one URL in ranges with the HTTP client, and in turns with curl.")

  @Argument(help: "An http or https URL of an object.")
  var url: String
  @Option(help: "A PEM file of authorities to trust.")
  var caFile: String?
  @Option(help: "Ranges read at a time, each on its connection.")
  var streams = 8
  @Option(help: "Rings that the streams are spread over.")
  var rings = 1
  @Option(help: "Turns; medians are printed.")
  var turns = 5
  @Option(help: "Bytes of each read, as a page.")
  var pageSize = 1 << 20
  @Option(help: "CPU that both clients are bound to with one ring; -1 leaves them to the kernel.")
  var cpu = -1
  @Flag(help: "Let curl read the same ranges in turns.")
  var curl = false

  func run() throws {
    let target = try Target(url)
    let pool = try BlockingPool(name: "bench", threads: 1)
    let group = try ReactorGroup(
      (0..<rings).map { Reactor.Options(cpu: cpu < 0 ? nil : cpu + $0) })
    defer {
      group.stop()
      pool.stop()
    }
    var options = HTTPClientOptions()
    options.connectionsPerOrigin = streams
    options.tls.caFile = caFile
    let client = HTTPClient(
      reactors: rings, options: options, resolver: HostResolver(pool: pool))
    let size = try group.reactors[0].wait { () async -> Result<Int64, HTTPClientError> in
      await outcome { () async throws(HTTPClientError) in
        let head = try await client.send(
          HTTPClientRequest(.head, target.origin, target: target.path))
        return head.contentLength ?? 0
      }
    }.get()
    guard size > 0 else { throw ValidationError("\(url) has no length") }
    var samples: [(name: String, sample: Sample)] = []
    for _ in 0..<turns {
      samples.append(
        ("penstock", try Sample.measure(size) { try read(client, group, target, size) }))
      if curl { samples.append(("curl", try Sample.measure(size) { try runCurl(size) })) }
    }
    for name in curl ? ["penstock", "curl"] : ["penstock"] {
      let own = samples.filter { $0.name == name }.map(\.sample)
      print(
        "\(name): \(two(median(own.map(\.rate)))) GiB/s, "
          + "\(two(median(own.map(\.cpu)))) CPU s/GiB, of \(own.count) turns "
          + "\(own.map { two($0.rate) })")
    }
  }

  /// Reads every range into a page of its stream.
  private func read(
    _ client: HTTPClient, _ group: ReactorGroup, _ target: Target, _ size: Int64
  ) throws {
    let failures = Mutex<[String]>([])
    let share = (size + Int64(streams) - 1) / Int64(streams)
    let done = Semaphore()
    for stream in 0..<streams {
      let first = min(size, Int64(stream) * share)
      let range = first..<min(size, first + share)
      let reactor = group.reactors[stream % rings]
      let pageSize = pageSize
      reactor.spawn {
        do throws(HTTPClientError) {
          try await readRange(client, target, range, pageSize)
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
        done.signal()
      }
    }
    for _ in 0..<streams { done.wait() }
    let all = failures.withLock { $0 }
    if let first = all.first { throw ValidationError(first) }
  }

  /// Runs one curl for each range, all at a time.
  private func runCurl(_ size: Int64) throws {
    let share = (size + Int64(streams) - 1) / Int64(streams)
    var running: [ChildProcess] = []
    for stream in 0..<streams {
      let first = min(size, Int64(stream) * share)
      let last = min(size, first + share) - 1
      var command = cpu < 0 ? [] : ["taskset", "-c", "\(cpu)"]
      command += ["curl", "-sS", "-f", "-o", "/dev/null", "-r", "\(first)-\(last)", url]
      if let caFile { command += ["--cacert", caFile] }
      running.append(try ChildProcess(command))
    }
    for process in running where process.wait(.seconds(120)) != .code(0) {
      throw ValidationError("curl failed")
    }
  }
}

/// Reads `range` page by page into the same memory.
private func readRange(
  _ client: HTTPClient, _ target: Target, _ range: Range<Int64>, _ pageSize: Int
) async throws(HTTPClientError) {
  let page = UnsafeMutableRawBufferPointer.allocate(byteCount: pageSize, alignment: 4096)
  defer { unsafe page.deallocate() }
  var request = HTTPClientRequest(.get, target.origin, target: target.path)
  request.fields.append(("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
  let reply = try await client.send(request)
  var count: Int64 = 0
  while true {
    let got = try await unsafe reply.read(into: page)
    if got == 0 { break }
    count += Int64(got)
  }
  guard reply.status == 206, count == range.upperBound - range.lowerBound else {
    throw HTTPClientError(.malformed, target.origin, "status \(reply.status), \(count) bytes")
  }
}

/// The outcome of `body` as a value.
private func outcome<T>(
  _ body: () async throws(HTTPClientError) -> T
) async -> Result<T, HTTPClientError> {
  do throws(HTTPClientError) { return .success(try await body()) } catch { return .failure(error) }
}

/// A URL in parts.
private struct Target: Sendable {
  let origin: HTTPOrigin
  let path: String

  init(_ url: String) throws {
    let isSecure = url.hasPrefix("https://")
    guard isSecure || url.hasPrefix("http://") else { throw ValidationError("not a URL: \(url)") }
    let rest = url.dropFirst(isSecure ? 8 : 7)
    let cut = rest.firstIndex(of: "/") ?? rest.endIndex
    guard let origin = HTTPOrigin(isSecure: isSecure, authority: String(rest[..<cut])) else {
      throw ValidationError("not a host: \(rest[..<cut])")
    }
    self.origin = origin
    path = cut == rest.endIndex ? "/" : String(rest[cut...])
  }
}

/// What one turn came to.
private struct Sample {
  /// GiB per second.
  let rate: Double
  /// CPU seconds per GiB, of this process and of children that ended.
  let cpu: Double

  static func measure(_ size: Int64, _ body: () throws -> Void) throws -> Sample {
    let (time, cpu) = (now(), used())
    try body()
    let gib = Double(size) / Double(1 << 30)
    return Sample(rate: gib / (now() - time), cpu: (used() - cpu) / gib)
  }

  private static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func used() -> Double {
    [RUSAGE_SELF.rawValue, RUSAGE_CHILDREN.rawValue].reduce(0) { sum, who in
      var usage = rusage()
      unsafe getrusage(__rusage_who_t(who), &usage)
      let micro = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
      return sum + Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(micro) / 1e6
    }
  }
}

/// Counts streams that ended.
// SAFETY: POSIX semaphores are made to be shared by threads; the pointer never changes.
@safe private final class Semaphore: @unchecked Sendable {
  private let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    unsafe semaphore = .allocate(capacity: 1)
    unsafe sem_init(semaphore, 0, 0)
  }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func signal() { unsafe sem_post(semaphore) }

  func wait() { while unsafe sem_wait(semaphore) != 0 {} }
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

private func two(_ value: Double) -> String {
  let hundredths = Int((value * 100).rounded())
  return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}
