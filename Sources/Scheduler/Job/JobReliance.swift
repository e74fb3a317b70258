// On which workers the files that a job counts as loaded are, as those workers were then.
//
//   result of a task ──▶ (worker, incarnation) ──checkpoint──▶ store
//   end of a pass ──▶ is each of them there, and still that one? ──no──▶ VERIFYING

package import Model

/// Workers that a job's count of loaded files depends on.
package struct JobReliance: Equatable, Sendable {
  /// Which start of each worker has the files.
  package private(set) var incarnations: [WorkerIdentity: UInt64] = [:]
  /// The first worker that was started anew after it had loaded files; nil while there is none.
  package private(set) var lost: WorkerIdentity?

  /// Whether files were planned for fewer workers than the job asks for.
  package var isShort = false

  /// Nothing is relied on.
  package init() {}

  /// What a store kept.
  package init(
    _ incarnations: [WorkerIdentity: UInt64], lost: WorkerIdentity?, isShort: Bool
  ) {
    self.incarnations = incarnations
    self.lost = lost
    self.isShort = isShort
  }

  /// Files were counted that are on a worker as it is now; false when that was known.
  @discardableResult
  package mutating func add(_ worker: WorkerIdentity, _ incarnation: UInt64) -> Bool {
    guard let before = incarnations.updateValue(incarnation, forKey: worker) else { return true }
    guard before != incarnation else { return false }
    lost = lost ?? worker
    return true
  }
}
