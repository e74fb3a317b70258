// Bugs of the page store that the simulation found, each forced here step by step.

import Glibc
import Model
import PageStore
import SimSupport
import Testing

@Suite("Bugs that the simulation found")
struct StoreBugTests {
  /// Writes a page that its device forgets, and ends the life: what a crash does to what was not synced.
  private func forgottenPage() throws -> (SimMedia, SimPageLog.Image) {
    var faults = SimDeviceFaults()
    faults.lostWriteRate = 1_000_000
    let bench = try StoreBench(pages: 4, faults)
    bench.run {
      $0.fill(1)
      await $0.store.waitUntilSaved()
    }
    bench.store.closeDisks()
    return (bench.device.media, bench.log.closedImage)
  }

  @Test("a page that a crash left wrong is read again, and its place stays in use")
  func placeAfterCrash() throws {
    let (media, image) = try forgottenPage()
    let bench = try StoreBench(pages: 4, media: media, image: image, isClean: false)
    try expectLostWithoutBlame(bench)
  }

  /// The log was closed at a planned end: what it says may be older all the same, from a crash before that.
  @Test("a page that a crash left wrong and nobody read is no fault of the disk in later lives")
  func placeAfterCrashAndStop() throws {
    let (media, image) = try forgottenPage()
    let between = try StoreBench(pages: 4, media: media, image: image, isClean: false)
    #expect(between.restored == 1)
    between.store.closeDisks()
    #expect(between.log.isDoubted)
    let bench = try StoreBench(
      pages: 4, media: media, image: between.log.closedImage, isClean: !between.log.isDoubted)
    try expectLostWithoutBlame(bench)
    bench.store.closeDisks()
    #expect(!bench.log.isDoubted, "no page is in doubt any more")
  }

  private func expectLostWithoutBlame(_ bench: StoreBench) throws {
    #expect(bench.restored == 1)
    bench.run { $0.notes = [await $0.place(of: 1), await $0.place(of: 1)] }
    #expect(bench.notes == ["lost", "nowhere"])
    #expect(bench.disk.quarantinedBytes == 0)
    #expect(bench.store.used == 0)
    #expect(bench.disk.health.counts.corruptions == 0, "the disk is not to blame")
  }

  /// A life that wrote page 1 and ended as planned.
  private func stoppedLife() throws -> StoreBench {
    let bench = try StoreBench(pages: 4)
    bench.run {
      $0.fill(1)
      await $0.store.waitUntilSaved()
    }
    bench.store.closeDisks()
    return bench
  }

  private func rot(_ media: SimMedia) {
    for offset in 0..<media.size / 4096 { media.flip(at: offset * 4096, bit: 3) }
  }

  @Test("a page that went bad while the store was stopped takes its place out of use")
  func placeThatWentBadAtRest() throws {
    let first = try stoppedLife()
    #expect(!first.log.isDoubted)
    rot(first.device.media)
    let bench = try StoreBench(pages: 4, media: first.device.media, image: first.log.closedImage)
    bench.run { $0.notes = [await $0.place(of: 1)] }
    #expect(bench.notes == ["lost"])
    #expect(bench.disk.quarantinedBytes == StoreBench.pageSize)
    #expect(bench.disk.health.counts.corruptions == 1)
    #expect(bench.store.checkInvariants() == [])
  }

  @Test("a page that matched after a crash and went bad later takes its place out of use")
  func placeThatMatchedAfterCrash() throws {
    let first = try stoppedLife()
    let media = first.device.media
    let bench = try StoreBench(
      pages: 4, media: media, image: first.log.closedImage, isClean: false)
    bench.run { $0.notes = [await $0.place(of: 1)] }
    rot(media)
    bench.run { $0.notes.append(await $0.place(of: 1)) }
    #expect(bench.notes == ["disk", "lost"])
    #expect(bench.disk.quarantinedBytes == StoreBench.pageSize)
    bench.store.closeDisks()
    #expect(!bench.log.isDoubted)
  }

  @Test("a place whose page went bad while the store ran is not used again")
  func placeThatWentBad() throws {
    let bench = try StoreBench(pages: 4)
    bench.run {
      $0.fill(1)
      await $0.store.waitUntilSaved()
      $0.store.evict(toUsed: 0)
      for offset in 0..<$0.device.media.size / 4096 {
        $0.device.media.flip(at: offset * 4096, bit: 3)
      }
      $0.notes = [await $0.place(of: 1)]
    }
    #expect(bench.notes == ["lost"])
    #expect(bench.disk.quarantinedBytes == StoreBench.pageSize)
    #expect(bench.disk.health.counts.corruptions == 1)
  }

  /// Interleaving: the saver writes page 1; the file is pinned before the write ends; then memory and disk fill up.
  @Test("a file that is pinned while its page is being saved stays pinned")
  func pinnedWhileSaved() throws {
    let bench = try StoreBench(memory: 2, pages: 2)
    bench.run {
      $0.fill(1)
      // The saver runs first, and waits for the device.
      await $0.executor.wait(1)
      $0.notes.append($0.device.counts.writes == 1 ? "writing" : "too early")
      $0.store.setTraits(FileTraits(isPinned: true), of: StoreBench.file(1))
      await $0.store.waitUntilSaved()
      for number in 2..<12 {
        $0.fill(number)
        await $0.store.waitUntilSaved()
      }
      $0.store.evict(toUsed: 0)
      $0.notes.append(await $0.place(of: 1))
    }
    #expect(bench.notes == ["writing", "disk"])
    #expect(bench.store.checkInvariants() == [])
  }
}
