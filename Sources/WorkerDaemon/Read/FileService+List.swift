// Listing a directory through the cache.

import Model
import Ring
package import UFS

extension FileService {
  /// Entries asked for at a time while a listing is collected.
  private static let collectMax = 1000

  /// Starts to list a directory, from memory when that is as fresh as its rules ask for.
  ///
  /// A directory with mounts in it always comes from the UFS: a mount that does not answer must not be remembered as empty.
  ///
  /// - Throws: As `UnderFileSystem.list`.
  package func list(_ place: MountedPath) async throws(UFSError) -> any UFSLister {
    guard let reactor = Reactor.current else {
      preconditionFailure("the read path runs on a reactor")
    }
    let decision = decide(place)
    let validity = min(decision.metadataValidity, listings.bounds.lifeMax)
    guard validity > 0, listings.isOn, !mounts.hasMounts(below: place) else {
      return try await mounts.list(place, UFSListing())
    }
    let path = place.ufsPath
    let id = FileID(ufsPath: path)
    // Changes may spoil what was waited for; twice is enough.
    for _ in 0..<3 {
      let turn = await listings.turn(
        for: id, path: path, now: reactor.now, generation: decision.generation)
      switch turn {
      case .found(let listing):
        metadata.count(.listingHit)
        return ReplayedLister(listing)
      case .ask:
        metadata.count(.listingMiss)
        return try await collect(place, id, reactor, validity, decision.generation)
      case .lookAgain: metadata.count(.listingJoin)
      case .askAlone:
        metadata.count(.listingMiss)
        return try await mounts.list(place, UFSListing())
      }
    }
    return try await mounts.list(place, UFSListing())
  }

  /// Reads a listing to its end and keeps it; gives up keeping one that is too long.
  private func collect(
    _ place: MountedPath, _ id: FileID, _ reactor: Reactor, _ validity: UInt64,
    _ generation: UInt64
  ) async throws(UFSError) -> any UFSLister {
    // Taken before the question: what changes while it is answered is found at the next one.
    let (now, epochs) = (reactor.now, table.epochs())
    var lister: (any UFSLister)?
    do throws(UFSError) {
      let opened = try await mounts.list(place, UFSListing())
      lister = opened
      var (entries, leftOutCount, size): ([UFSEntry], Int, Int) = ([], 0, 0)
      while let batch = try await opened.next(max: Self.collectMax) {
        size += batch.entries.reduce(0) { $0 + CachedListing.size(of: $1) }
        entries += batch.entries
        leftOutCount += batch.leftOutCount
        remember(batch.entries.map(\.status).filter { $0.kind == .file }, now: now, epochs: epochs)
        if entries.count > listings.bounds.listingCountMax
          || size > listings.bounds.listingBytesMax
        {
          listings.finishLong(id, now: now)
          return ReplayedLister(entries, leftOutCount: leftOutCount, then: opened)
        }
      }
      await opened.close()
      let listing = CachedListing(
        path: place.ufsPath, entries: entries, leftOutCount: leftOutCount, askedAt: now,
        validity: validity, generation: generation, size: size)
      listings.finish(id, listing)
      return ReplayedLister(listing)
    } catch {
      listings.finish(id, nil)
      await lister?.close()
      throw error
    }
  }
}
