// What the log says of volumes and of the work between tiers: once for each kind, and not again for every page.

import Logging
import Model
import PageStore
import Ring
import Synchronization

extension TierKeeper {
  /// The Alluxio path of a file's pages; nil when nobody knows it.
  typealias Naming = @Sendable (FileKey) async -> String?

  /// Looks what there is to say of the store as a whole, until the work ends.
  func watchStore(on reactor: Reactor, _ naming: Naming) async {
    while await reactor.sleep(for: Self.tick) {
      reportShortage(monotonicNow())
      await reportCorruption(monotonicNow(), naming)
    }
    reportCountedCorruption(.max)
  }

  /// Logs how many more pages did not match, when nothing was said of them in half a minute, or at the end.
  func reportCountedCorruption(_ now: UInt64) {
    for (volume, count) in corruptionLimit.takeCounted(now: now) {
      log.warning(
        "more pages on disk did not match their checksums: they are refetched from their sources when they are wanted",
        metadata: ["volume": "\(volume)", "pages": "\(count)"])
    }
  }

  /// Logs that background work waits for memory, once a minute at most.
  func reportShortage(_ now: UInt64) {
    let count = store.memoryShortages
    let news = shortageCount.withLock { told in
      defer { told = count }
      return count - told
    }
    guard news > 0, case .tell = shortageLimit.turn(of: "", now: now) else { return }
    log.warning(
      "the work between tiers waits for memory: pages are not moved, saved or verified meanwhile; lower the memory tier or raise the process's limit",
      metadata: ["waits": "\(count)"])
  }

  /// Logs pages that did not match their checksums: the first of a volume at once, then one line in half a minute that counts
  /// the others.
  func reportCorruption(_ now: UInt64, _ naming: Naming) async {
    let (pages, more) = store.takeCorruptPages()
    guard let last = pages.last else { return reportCountedCorruption(now) }
    for page in pages {
      let volume = volumes.first { $0.position == page.disk }?.path ?? "\(page.disk)"
      // Those that were not kept are counted with the last one.
      let count = UInt64(page == last ? more + 1 : 1)
      guard
        case .tell(let others) = corruptionLimit.turn(
          of: page.isDoubtful ? "\(volume) (from before a crash)" : volume, now: now, count: count)
      else { continue }
      var metadata: Logger.Metadata = [
        "file": "\(await naming(page.key.file) ?? Self.text(page.key.file))",
        "page": "\(page.key.index)", "volume": "\(volume)", "offset": "\(page.offset)",
        "bytes": "\(page.length)",
      ]
      if others > 0 { metadata["others"] = "\(others)" }
      if page.isDoubtful {
        log.notice(
          "a page from before a crash does not match its checksum: it is refetched from its source when it is wanted",
          metadata: metadata)
      } else {
        log.warning(
          "a page on disk does not match its checksum: it is refetched from its source when it is wanted, and its place is not used again",
          metadata: metadata)
      }
    }
  }

  private static func text(_ file: FileKey) -> String {
    [file.high, file.low].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  /// Logs what became of the volume's health since the last time; a change that comes again and again, as on a disk that is
  /// full now and then, is told once in five minutes with the number of the others.
  func report(_ volume: OpenedVolume) {
    while let move = volume.health.takeTransition() {
      let kind = "\(volume.path) \(move.to.name) \(move.reason.filter { !$0.isNumber })"
      guard case .tell(let others) = stateLimit.turn(of: kind, now: move.time) else { continue }
      var line =
        "volume \(volume.path) is \(move.to.name), was \(move.from.name): \(move.reason)"
      if others > 0 { line += " (and \(others) times since it was said last)" }
      switch move.to {
      case .healthy: log.notice("\(line)")
      case .degraded: log.warning("\(line)")
      case .faulted: log.error("\(line)")
      }
    }
  }
}
