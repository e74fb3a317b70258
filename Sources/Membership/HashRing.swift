// The consistent-hash ring of compat §4: which worker a path belongs to, the same on every client.
//
//   points, sorted, signed      −1883817648 w1 · −1748118792 w2 · … · 1869646436 w1
//   a path's hash               the smallest point at or above it, else the smallest of all
//
// A path is hashed with attempts 1, 2, …; the distinct workers met are its order of preference.

package import Model

/// A ring of workers.
package struct HashRing: Sendable {
  /// Attempts after which the workers met are all there are.
  package static let attemptCountMax: UInt32 = 100

  /// The workers, as they were given.
  package let workers: [WorkerIdentity]
  private let points: [Int32]
  private let owners: [Int32]

  /// The ring of `workers`, each with `pointCount` points.
  package init(_ workers: [WorkerIdentity], pointCount: Int) {
    self.workers = workers
    var all: [(point: Int32, owner: Int32)] = []
    all.reserveCapacity(workers.count * pointCount)
    for (place, worker) in workers.enumerated() {
      for point in Self.points(of: worker, count: pointCount) {
        all.append((point, Int32(place)))
      }
    }
    // Of equal points the one of the later worker stays.
    all.sort { ($0.point, $0.owner) < ($1.point, $1.owner) }
    var points: [Int32] = []
    var owners: [Int32] = []
    for entry in all {
      if points.last == entry.point { owners[owners.count - 1] = entry.owner; continue }
      points.append(entry.point)
      owners.append(entry.owner)
    }
    self.points = points
    self.owners = owners
  }

  /// The points of a worker, in the order of their number.
  package static func points(of worker: WorkerIdentity, count: Int) -> [Int32] {
    var key = worker.bytes
    for shift in 0..<4 {
      key.append(UInt8(truncatingIfNeeded: worker.version >> Int32(8 * shift)))
    }
    return unsafe key.withUnsafeBytes { key in
      (0..<count).map { unsafe MurmurHash3.hash(key, followedBy: UInt32(truncatingIfNeeded: $0)) }
    }
  }

  /// The hash of `path` in one attempt, 1-based.
  package static func hash(of path: String, attempt: UInt32) -> Int32 {
    var path = path
    return path.withUTF8 {
      unsafe MurmurHash3.hash(UnsafeRawBufferPointer($0), followedBy: attempt)
    }
  }

  /// The place of the worker that `path` belongs to; nil on an empty ring.
  package func first(for path: String) -> Int? {
    points.isEmpty ? nil : owner(at: Self.hash(of: path, attempt: 1))
  }

  /// The places of at most `count` distinct workers in the order in which `path` meets them.
  package func order(for path: String, count: Int) -> [Int] {
    guard !points.isEmpty else { return [] }
    var met: [Int] = []
    for attempt in 1...Self.attemptCountMax {
      guard met.count < min(count, workers.count) else { break }
      let place = owner(at: Self.hash(of: path, attempt: attempt))
      if !met.contains(place) { met.append(place) }
    }
    return met
  }

  private func owner(at hash: Int32) -> Int {
    var (low, high) = (0, points.count)
    while low < high {
      let middle = (low + high) / 2
      if points[middle] < hash { low = middle + 1 } else { high = middle }
    }
    return Int(owners[low == points.count ? 0 : low])
  }
}
