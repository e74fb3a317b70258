// What the read path counts.

import Model
import Ring

/// Counters of the read path, one copy per ring.
package final class ReadCounters: Sendable {
  /// Upper bounds of the size histogram, in bytes; a last bucket takes the rest.
  package static let bounds: [UInt64] = [
    4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20, 256 << 20,
    1 << 30,
  ]

  private enum Counter {
    static let cachedBytes = 0
    static let externalBytes = 1
    static let ufsBytes = 2
    static let ufsWrittenBytes = 3
    static let passedThroughBytes = 4
    static let readSum = 5
    static let writeSum = 6
    static let localBytes = 7
    static let crossNodeBytes = 8
    static let readBuckets = 9
    static let writeBuckets = readBuckets + bounds.count + 1
    static let count = writeBuckets + bounds.count + 1
  }

  /// Bytes of pages that a ring read, by where their memory lies.
  package struct NodeBytes: Sendable, Equatable {
    /// Bytes from the ring's own NUMA node.
    package var local: UInt64 = 0
    /// Bytes from other nodes.
    package var crossNode: UInt64 = 0

    /// No bytes.
    package init() {}
  }

  private let counters: StripedCounters
  private let ringNodes: [Int]

  /// Counters for rings on the NUMA nodes `ringNodes`, by index of the ring.
  package init(ringNodes: [Int]) {
    self.ringNodes = ringNodes
    counters = StripedCounters(count: Counter.count, stripes: ringNodes.count + 1)
  }

  private var stripe: Int { Reactor.current.map { $0.index + 1 } ?? 0 }

  /// `bytes` were served from a cached page.
  @inline(__always)
  package func cachedRead(bytes: Int) {
    counters.add(UInt64(bytes), to: Counter.cachedBytes, stripe: stripe)
  }

  /// `bytes` of a page on NUMA node `node` were given to a client by the calling ring.
  @inline(__always)
  package func pageRead(bytes: Int, node: Int) {
    guard let reactor = Reactor.current else { return }
    let counter = node == reactor.node ? Counter.localBytes : Counter.crossNodeBytes
    counters.add(UInt64(bytes), to: counter, stripe: reactor.index + 1)
  }

  /// Bytes of pages that each ring read, by index of the ring.
  package var bytesByRing: [NodeBytes] {
    ringNodes.indices.map { ring in
      var bytes = NodeBytes()
      bytes.local = counters.value(Counter.localBytes, stripe: ring + 1)
      bytes.crossNode = counters.value(Counter.crossNodeBytes, stripe: ring + 1)
      return bytes
    }
  }

  /// `bytes` were read from the UFS into a page.
  package func ufsRead(bytes: Int) {
    counters.add(UInt64(bytes), to: Counter.ufsBytes, stripe: stripe)
    counters.add(UInt64(bytes), to: Counter.externalBytes, stripe: stripe)
  }

  /// `bytes` were read from the UFS past the store.
  package func passedThrough(bytes: Int) {
    counters.add(UInt64(bytes), to: Counter.passedThroughBytes, stripe: stripe)
    ufsRead(bytes: bytes)
  }

  /// `bytes` were written to the UFS.
  package func ufsWritten(bytes: Int) {
    counters.add(UInt64(bytes), to: Counter.ufsWrittenBytes, stripe: stripe)
  }

  /// A client's read of `bytes` was answered.
  package func served(bytes: Int64) {
    observe(UInt64(max(0, bytes)), Counter.readSum, Counter.readBuckets)
  }

  /// A client's write of `bytes` was stored.
  package func stored(bytes: Int64) {
    observe(UInt64(max(0, bytes)), Counter.writeSum, Counter.writeBuckets)
  }

  @inline(__always)
  private func observe(_ bytes: UInt64, _ sum: Int, _ buckets: Int) {
    let stripe = stripe
    var bucket = 0
    while bucket < Self.bounds.count, bytes > Self.bounds[bucket] { bucket += 1 }
    counters.add(bytes, to: sum, stripe: stripe)
    counters.add(1, to: buckets + bucket, stripe: stripe)
  }

  /// Bytes that clients read, by whatever way.
  var readBytes: UInt64 { counters.value(Counter.readSum) }

  /// Bytes read from under file systems.
  var ufsReadBytes: UInt64 { counters.value(Counter.ufsBytes) }

  /// The values as Prometheus families.
  package func render(to page: inout MetricsPage) {
    page.histogram(
      "alluxio_data_access_bytes", "Bytes of one request, by method.",
      [
        ("method=\"read\"", histogram(Counter.readSum, Counter.readBuckets)),
        ("method=\"write\"", histogram(Counter.writeSum, Counter.writeBuckets)),
      ])
    page.counter(
      "alluxio_ufs_data_access_bytes_total", "Bytes read from and written to under file systems.",
      [
        ("method=\"read\"", counters.value(Counter.ufsBytes)),
        ("method=\"write\"", counters.value(Counter.ufsWrittenBytes)),
      ])
    page.counter(
      "alluxio_cached_data_read_bytes_total", "Bytes served from cached pages.",
      [("", counters.value(Counter.cachedBytes))])
    page.counter(
      "alluxio_external_data_read_bytes_total",
      "Bytes fetched from under file systems because they were not cached.",
      [("", counters.value(Counter.externalBytes))])
    page.counter(
      "penstock_passed_through_bytes_total",
      "Bytes read past the cache because it had no room that was not in use.",
      [("", counters.value(Counter.passedThroughBytes))])
    renderNodes(to: &page)
  }

  /// Bytes read by the rings of each node, from its own memory and from that of others.
  private func renderNodes(to page: inout MetricsPage) {
    var sums: [Int: NodeBytes] = [:]
    for (node, bytes) in zip(ringNodes, bytesByRing) {
      sums[node, default: NodeBytes()].local &+= bytes.local
      sums[node, default: NodeBytes()].crossNode &+= bytes.crossNode
    }
    page.counter(
      "penstock_node_read_bytes_total",
      "Bytes of pages read by the rings of a NUMA node, from its own memory and from that of others.",
      sums.sorted { $0.key < $1.key }.flatMap { node, bytes in
        [
          ("node=\"\(node)\",memory=\"local\"", bytes.local),
          ("node=\"\(node)\",memory=\"cross\"", bytes.crossNode),
        ]
      })
  }

  private func histogram(_ sum: Int, _ buckets: Int) -> MetricsPage.Histogram {
    MetricsPage.Histogram(
      bounds: Self.bounds, counts: (0...Self.bounds.count).map { counters.value(buckets + $0) },
      sum: counters.value(sum))
  }
}
