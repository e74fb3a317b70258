// A page log in memory: changes are queued and written in groups after a while; a crash keeps any head of the queue.

import Model
package import PageStore

/// A simulated log of one volume's pages.
///
/// Confined to the thread of its simulation.
package final class SimPageLog: PageLog, @unchecked Sendable {
  /// One queued change.
  private enum Change {
    case put(StoredPage)
    case remove(UInt32)
    case quarantine(UInt32, Int)
    case forgive(UInt32)
  }

  /// What outlives the process; passes from one life of the store to the next.
  package struct Image: Sendable {
    /// Records by first unit.
    package var pages: [UInt32: StoredPage] = [:]
    /// Bad runs by first unit.
    package var quarantined: [UInt32: Int] = [:]
    /// True when `restore` finds that it cannot read on, after half of the records.
    package var isDamaged = false

    /// An empty log.
    package init() {}
  }

  private let number: Int
  private var image: Image
  private var queue: [Change] = []
  private var written = 0
  private var queued = 0
  private var isWriting = false
  private var isDead = false
  /// Forgets to remove records: a planted bug.
  var isDeaf = false
  private var waiters: [(target: Int, continuation: UnsafeContinuation<Void, Never>)] = []
  private let executor: SimExecutor
  private let delay: ClosedRange<Int>
  private var random: SimRandom

  /// Log `number`, as `image` holds it, whose groups take a time within `delay` nanoseconds.
  package init(
    _ number: Int = 0, _ image: Image, delay: ClosedRange<Int> = 10_000...3_000_000,
    executor: SimExecutor,
    random: SimRandom
  ) {
    (self.number, self.image) = (number, image)
    self.delay = delay
    self.executor = executor
    self.random = random
  }

  // MARK: PageLog

  package func put(_ page: StoredPage) {
    executor.trace.record(
      "log.put", at: executor.now, number, Int(page.unit), Int(truncatingIfNeeded: page.sequence))
    append(.put(page))
  }

  package func remove(unit: UInt32) {
    executor.trace.record("log.remove", at: executor.now, number, Int(unit))
    append(.remove(unit))
  }

  package func quarantine(unit: UInt32, count: Int) {
    executor.trace.record("log.quarantine", at: executor.now, number, Int(unit), count)
    append(.quarantine(unit, count))
  }

  package func forgive(unit: UInt32) {
    executor.trace.record("log.forgive", at: executor.now, number, Int(unit))
    append(.forgive(unit))
  }

  package func restore(
    _ body: (StoredPage) -> Void, quarantined: (_ unit: UInt32, _ count: Int) -> Void
  ) throws(PageStoreError) {
    let pages = image.pages.values.sorted { $0.unit < $1.unit }
    let end = image.isDamaged ? pages.count / 2 : pages.count
    for page in pages[..<end] { body(page) }
    if image.isDamaged {
      // What was not read is given up.
      for page in pages[end...] { image.pages[page.unit] = nil }
      image.quarantined = [:]
      image.isDamaged = false
      throw PageStoreError(.volumeLogDamaged, operation: "simPageLog.restore")
    }
    for (unit, count) in image.quarantined.sorted(by: { $0.key < $1.key }) {
      quarantined(unit, count)
    }
  }

  package func flush() async {
    guard written < queued, !isDead else { return }
    let target = queued
    await withUnsafeContinuation { waiters.append((target, $0)) }
  }

  /// True when the log is not to count as whole after it was closed.
  package private(set) var isDoubted = false

  package func doubt() { isDoubted = true }

  package func close() {
    guard !isDead else { return }
    writeGroup(queue.count)
    isDead = true
  }

  // MARK: Ends of a life

  /// What a planned stop leaves behind; to be asked after `close`.
  package var closedImage: Image { image }

  /// Loses power now: any head of the queue is kept, and nothing more is written.
  package func crash() -> Image {
    guard !isDead else { return image }
    let kept = random.below(queue.count + 1)
    executor.trace.record("log.crash", at: executor.now, number, queue.count, kept)
    for change in queue[..<kept] { apply(change) }
    isDead = true
    queue = []
    resume { _ in true }
    return image
  }

  private func append(_ change: Change) {
    guard !isDead else { return }
    queued += 1
    queue.append(change)
    guard !isWriting else { return }
    isWriting = true
    startGroup()
  }

  private func startGroup() {
    let count = queue.count
    executor.schedule(after: UInt64(random.within(delay))) { [self] in
      guard !isDead else { return }
      writeGroup(min(count, queue.count))
      if queue.isEmpty { isWriting = false } else { startGroup() }
    }
  }

  private func writeGroup(_ count: Int) {
    for change in queue[..<count] { apply(change) }
    queue.removeFirst(count)
    written += count
    resume { $0 <= written }
  }

  private func resume(_ isDue: (Int) -> Bool) {
    let due = waiters.filter { isDue($0.target) }
    waiters.removeAll { isDue($0.target) }
    for waiter in due { waiter.continuation.resume() }
  }

  private func apply(_ change: Change) {
    switch change {
    case .put(let page): image.pages[page.unit] = page
    case .remove(let unit): if !isDeaf { image.pages[unit] = nil }
    case .quarantine(let unit, let count): image.quarantined[unit] = count
    case .forgive(let unit): image.quarantined[unit] = nil
    }
  }
}
