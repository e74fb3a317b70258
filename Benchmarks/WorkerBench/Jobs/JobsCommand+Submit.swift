// From a submission to the first read at the store, when nothing else is going on.

import BenchSupport
import DaemonDriver
import FaultProxy
import Glibc

extension JobsCommand {
  /// A bucket of the store: the daemon's mount of it.
  static func mount(_ name: String, _ port: UInt16) -> String {
    [
      "/\(name)=s3://\(name)", "alluxio.underfs.s3.endpoint=http://127.0.0.1:\(port)",
      "s3a.accessKeyId=a", "s3a.secretKey=b", "alluxio.underfs.s3.disable.dns.buckets=true",
      "alluxio.underfs.s3.region=us-east-1",
    ].joined(separator: ",")
  }

  /// Loads of a folder of ten objects, one after the other.
  func submit() throws -> IngestSection {
    let content = ListingOrigin.Content(folder: "set/", count: 10, size: 1024, tag: "0abc")
    let origin = try LatencyOrigin(content, latency: .zero, logsArrivals: true)
    let processes = try JobProcesses(
      daemon, .apart, mounts: [Self.mount("near", origin.port)], settings: memory(64 << 20))
    let path = "s3://near/set"
    var (answers, questions, reads, ends) = ([Double](), [Double](), [Double](), [Double]())
    for _ in 0..<submissions + 5 {
      try processes.access.free("/near/set")
      usleep(20_000)
      _ = origin.takeArrivals()
      let start = Self.now()
      try processes.access.submit(path)
      answers.append(Double(Self.now() - start) / 1e6)
      let end = try processes.access.wait(path, pause: 2_000)
      ends.append(Double(Self.now() - start) / 1e6)
      let arrivals = origin.takeArrivals()
      guard end.state == "SUCCEEDED", let first = arrivals.first,
        let read = arrivals.first(where: \.isRead)
      else { throw DriverError.program("a load: \(end.text)") }
      questions.append(Double(first.time &- start) / 1e6)
      reads.append(Double(read.time &- start) / 1e6)
    }
    // The first ones open connections.
    func line(_ what: String, _ values: [Double]) -> String {
      let values = Array(values.dropFirst(5))
      return "\(what): median \(fixed(middle(of: values), 1)) ms,"
        + " p99 \(fixed(Self.quantile(0.99, of: values), 1)) ms,"
        + " longest \(fixed(values.max() ?? .nan, 1)) ms"
    }
    var section = IngestSection(
      "From a submission to the first read, at idle",
      notes: [
        "\(submissions) loads of ten objects over REST, coordinator and worker as two processes",
        line("submission answered, durable", answers),
        line("first question at the store", questions), line("first read at the store", reads),
        line("job seen to have succeeded", ends),
      ])
    let last = Array(reads.dropFirst(5))
    section.targets = [
      IngestTarget(
        what: "first read at the store, median ms", value: middle(of: last), bound: 50,
        isAtLeast: false),
      IngestTarget(
        what: "first read at the store, p99 ms", value: Self.quantile(0.99, of: last), bound: 50,
        isAtLeast: false),
    ]
    return section
  }
}
