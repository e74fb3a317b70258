// What a worker tells of itself: room, and what it holds.

import Messages
import Model
import PageStore
import UFS

/// Looks into the page store and the catalog for a coordinator.
struct WorkerInventory: Sendable {
  /// A part of what is held.
  struct Batch: Sendable {
    /// Files, by path.
    var files: [WireHeldFile] = []
    /// Where the next part begins; nil at the end.
    var next: [UInt8]?
  }

  /// Bytes of one message of files, more or less: far below what a server takes.
  static let messageSizeMax = 1 << 20
  /// Entries of the catalog that are looked at in one go.
  private static let scanCountMax = 4096

  private let store: PageStore
  private let policies: CachePolicies

  /// An inventory of the pages of `policies`' store.
  init(_ policies: CachePolicies) {
    store = policies.store
    self.policies = policies
  }

  /// Bytes of a page.
  var pageSize: Int { store.pageSize }

  /// Room by tier, the fastest first.
  var capacity: [TierUse] {
    var tiers: [TierUse] = []
    for place in store.volumePlaces {
      let (total, used) = (UInt64(clamping: place.quota), UInt64(clamping: place.used))
      if let index = tiers.firstIndex(where: { $0.tier == place.tier.name }) {
        tiers[index].total &+= total
        tiers[index].used &+= used
      } else {
        tiers.append(TierUse(tier: place.tier.name, total: total, used: used))
      }
    }
    return tiers
  }

  /// What is held, counted.
  var held: HeldCensus {
    let statistics = store.statistics
    let unnamed = policies.unnamed.count
    return HeldCensus(
      files: UInt64(clamping: statistics.files - unnamed),
      bytes: UInt64(clamping: statistics.pageBytes), unnamed: UInt64(clamping: unnamed))
  }

  /// Whether all pages of earlier lives are entered: before that, the inventory is not complete.
  var isComplete: Bool { !policies.isRestoring }

  /// Files that are held, from `cursor` on: at most `countMax`, and about ``messageSizeMax`` bytes of messages.
  ///
  /// Suspends while the catalog is read.
  ///
  /// - Returns: nil when the catalog cannot be read.
  func batch(from cursor: [UInt8]?, countMax: Int) async -> Batch? {
    await policies.calls.work { [store, policies] () -> Batch? in
      var batch = Batch(files: [], next: cursor)
      var size = 0
      repeat {
        let limit = min(Self.scanCountMax, max(1, countMax - batch.files.count))
        guard
          let listing = try? policies.catalog.list(.root, from: batch.next, limit: limit)
        else { return nil }
        for entry in listing.entries {
          let bytes = store.residentBytes(of: entry.key)
          guard bytes > 0 else { continue }
          batch.files.append(
            .make {
              $0.path = entry.ufsPath
              $0.version = entry.token
              $0.length = UInt64(clamping: entry.length)
              $0.heldBytes = UInt64(clamping: min(bytes, entry.length))
            })
          size += entry.ufsPath.utf8.count + entry.token.utf8.count + 32
        }
        batch.next = listing.next
      } while batch.next != nil && batch.files.count < countMax && size < Self.messageSizeMax / 4
      return batch
    }
  }
}
