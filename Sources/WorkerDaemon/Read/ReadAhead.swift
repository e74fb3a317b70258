// Pages that clients will probably ask for next, brought before they do.
//
//   request ──▶ AccessStreams of its file ──▶ plan ──▶ a task reserves the pages ──▶ PageFlow, purpose .readAhead
//
// Bounded three ways: pages ahead of one stream, tasks at once, and bytes brought and not yet read, over all files.

import Model
import PageStore
import Ring
import Synchronization
import UFS

/// The read-ahead of a worker; used from any ring.
package final class ReadAhead: Sendable {
  /// Files whose streams are remembered, in each of the stripes.
  private static let fileCountMax = 256

  private typealias Files = [FileKey: AccessStreams]

  private final class Stripe: Sendable {
    let files = Mutex<Files>([:])
  }

  /// Counts so far.
  package struct Figures: Sendable, Equatable {
    /// Pages that were to be brought.
    package var issued = 0
    /// Pages that a request then read.
    package var used = 0
    /// Pages that no request read before their stream was forgotten.
    package var wasted = 0
    /// Times that a page had left before it was read.
    package var evicted = 0
    /// Times that nothing was brought because memory or tasks were short.
    package var withheld = 0
    /// Tasks at work.
    package var tasks = 0
  }

  private let stripes = (0..<16).map { _ in Stripe() }
  private let windowMax: UInt32
  private let taskCountMax: Int
  private let unusedMax: Int
  private let figuresState = Mutex(Figures())

  /// Read-ahead of at most `sizeMax` bytes a stream by `taskCountMax` tasks, for pages of `pageSize` in `memory` bytes.
  init(sizeMax: Int64, taskCountMax: Int, pageSize: Int, memory: Int) {
    self.taskCountMax = taskCountMax
    unusedMax = memory / 8 / pageSize
    // No stream takes more than half of what all may.
    windowMax = UInt32(clamping: min(sizeMax / Int64(pageSize), Int64(max(1, unusedMax / 2))))
  }

  /// Counts so far.
  package var figures: Figures { figuresState.withLock { $0 } }

  /// Takes notice of a request for `count` bytes of `record` at `offset`, and starts what follows from it.
  func observe(
    _ record: FileRecord, _ offset: Int64, _ count: Int64, _ files: FileService, on reactor: Reactor
  ) {
    guard windowMax > 0, let file = record.key, record.decision.isCached,
      !record.place.ufs.capabilities.contains(.readsAhead)
    else { return }
    let pageCount = files.pageCount(of: record.length)
    // Of a file of one page there is nothing ahead.
    guard pageCount > 1 else { return }
    let bounds = AccessStreams.Bounds(
      pageSize: Int64(files.store.pageSize), pageCount: pageCount, windowMax: allowance)
    let (plan, forgotten) = update(file) { $0.observe(offset, count, bounds) }
    note(plan, forgotten)
    if let expected = plan.expected,
      !files.store.isKnown(PageKey(file: file, index: expected))
    {
      figuresState.withLock { $0.evicted += 1 }
      update(file) { $0.shrink() }
    }
    for pages in plan.pages { start(pages, record, file, files, on: reactor) }
  }

  /// Pages that one plan may bring now.
  private var allowance: UInt32 {
    let figures = figures
    guard figures.tasks < taskCountMax else { return 0 }
    let unused = max(0, figures.issued - figures.used - figures.wasted)
    return min(windowMax, UInt32(clamping: max(0, unusedMax - unused)))
  }

  @discardableResult
  private func update<T>(
    _ file: FileKey, _ body: (inout AccessStreams) -> T
  ) -> (T, forgotten: Int) {
    stripes[Int(file.low % UInt64(stripes.count))].files.withLock { files in
      var forgotten = 0
      if files[file] == nil, files.count >= Self.fileCountMax {
        // Dictionary order is as good as random, and these are small.
        for victim in files.keys.prefix(Self.fileCountMax / 4) {
          forgotten += files.removeValue(forKey: victim)?.unused ?? 0
        }
      }
      return (body(&files[file, default: AccessStreams()]), forgotten)
    }
  }

  private func note(_ plan: AccessStreams.Plan, _ forgotten: Int) {
    guard plan.used + plan.wasted + forgotten > 0 || plan.isWithheld else { return }
    figuresState.withLock { figures in
      figures.withheld += plan.isWithheld ? 1 : 0
      figures.used += plan.used
      figures.wasted += plan.wasted + forgotten
    }
  }

  private func start(
    _ pages: Range<UInt32>, _ record: FileRecord, _ file: FileKey, _ files: FileService,
    on reactor: Reactor
  ) {
    figuresState.withLock { figures in
      figures.issued += pages.count
      figures.tasks += 1
    }
    reactor.spawn { await self.bring(pages, record, file, files, on: reactor) }
  }

  /// Reserves `pages` while there is room, and lets a flow bring them.
  private func bring(
    _ pages: Range<UInt32>, _ record: FileRecord, _ file: FileKey, _ files: FileService,
    on reactor: Reactor
  ) async {
    let flow = PageFlow(files, record, end: pages.upperBound, purpose: .readAhead) {
      self.figuresState.withLock { $0.tasks -= 1 }
    }
    reserving: for index in pages {
      switch await files.reserve(record, index, node: reactor.node) {
      case .owned(let fill): flow.push(fill)
      case .present: continue
      case .rejected:
        update(file) { $0.rest() }
        break reserving
      }
    }
    flow.close()
    flow.start(on: reactor)
  }

  /// The counts as Prometheus families.
  package func render(to page: inout MetricsPage) {
    let figures = figures
    page.counter(
      "penstock_read_ahead_pages_total",
      "Pages brought before they were asked for, by what became of them.",
      [
        ("outcome=\"issued\"", UInt64(figures.issued)), ("outcome=\"used\"", UInt64(figures.used)),
        ("outcome=\"wasted\"", UInt64(figures.wasted)),
        ("outcome=\"evicted\"", UInt64(figures.evicted)),
      ])
    page.counter(
      "penstock_read_ahead_withheld_total",
      "Times that nothing was read ahead because memory or tasks were short.",
      [("", UInt64(figures.withheld))])
    page.gauge(
      "penstock_read_ahead_tasks", "Tasks that read ahead now.", [("", Int64(figures.tasks))])
  }
}
