// The async face of a directory scan.

import Ring

/// A listing of one local directory.
final class LocalLister: UFSLister {
  private let pool: BlockingPool
  private var scan: DirectoryScan?

  /// A lister over `scan`.
  init(_ scan: DirectoryScan, pool: BlockingPool) {
    self.scan = scan
    self.pool = pool
  }

  func next(max: Int) async throws(UFSError) -> UFSListingBatch? {
    guard let scan else { return nil }
    let result = await pool.run {
      Result { () throws(UFSError) in try scan.next(max: max) }
    }
    let batch = try result.get()
    if batch == nil { self.scan = nil }
    return batch
  }

  func close() async { scan = nil }
}
