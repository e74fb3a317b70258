// Which way bytes came, and how many of them.

import Synchronization

/// The way that bytes came, the shortest first.
public enum ReadPath: Int32, Sendable, CaseIterable, Comparable {
  /// From memory leased from the worker of this host.
  case shared = 0
  /// Through the domain socket of the worker of this host.
  case domain = 1
  /// Over the network from a worker.
  case network = 2
  /// From the under file system itself.
  case ufs = 3

  /// The word that figures and logs use.
  public var word: String { "\(self)" }

  /// Whether `left` is the shorter way.
  public static func < (left: ReadPath, right: ReadPath) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// What a read did.
public struct ReadOutcome: Sendable, Equatable {
  /// Bytes read; fewer than asked for only at the end of the file.
  public let count: Int
  /// The longest way that any of them came.
  public let path: ReadPath
}

/// What a client did so far; bytes by way add up to the bytes returned.
public struct ClientStatistics: Sendable, Equatable {
  /// Bytes returned, by `ReadPath`.
  public var bytes: [ReadPath: UInt64] = [:]
  /// Of those by `shared`, bytes shown in place and not copied.
  public var bytesInPlace: UInt64 = 0
  /// Bytes returned on all ways.
  public var bytesReturned: UInt64 = 0
  /// Leases got.
  public var leases: UInt64 = 0
  /// Leases that the worker took back.
  public var revoked: UInt64 = 0
  /// Copies thrown away because the lease had ended.
  public var lateReads: UInt64 = 0
  /// Requests on the domain socket.
  public var requests: UInt64 = 0
  /// Connections made to it.
  public var connections: UInt64 = 0
  /// Pauses before trying again.
  public var retries: UInt64 = 0
  /// Opens that wanted the short circuit and went another way.
  public var fallbacks: UInt64 = 0
}

/// The counters behind `ClientStatistics`.
final class ClientCounters: Sendable {
  /// Keeps counters that different threads touch apart.
  private let shared = Atomic<UInt64>(0)
  private let domain = Atomic<UInt64>(0)
  private let network = Atomic<UInt64>(0)
  private let ufs = Atomic<UInt64>(0)
  private let returned = Atomic<UInt64>(0)
  private let inPlace = Atomic<UInt64>(0)
  /// Bytes that were copied, or looked at, where they are leased by the shortest way there is: one counter for all that such a
  /// read adds to.
  private let copiedFast = Atomic<UInt64>(0)
  private let seenFast = Atomic<UInt64>(0)
  private let leases = Atomic<UInt64>(0)
  private let revoked = Atomic<UInt64>(0)
  private let lateReads = Atomic<UInt64>(0)
  private let requests = Atomic<UInt64>(0)
  private let connections = Atomic<UInt64>(0)
  private let retries = Atomic<UInt64>(0)
  private let fallbacks = Atomic<UInt64>(0)

  /// Counts bytes that came by `path`, where they are read.
  @inline(__always)
  func add(_ count: Int, by path: ReadPath) {
    let count = UInt64(count)
    switch path {
    case .shared: shared.add(count, ordering: .relaxed)
    case .domain: domain.add(count, ordering: .relaxed)
    case .network: network.add(count, ordering: .relaxed)
    case .ufs: ufs.add(count, ordering: .relaxed)
    }
  }

  /// Counts bytes that were copied from a lease straight to the caller.
  @inline(__always)
  func addCopied(_ count: Int) { copiedFast.wrappingAdd(UInt64(count), ordering: .relaxed) }

  /// Counts bytes that the caller looked at where they are leased.
  @inline(__always)
  func addSeen(_ count: Int) { seenFast.wrappingAdd(UInt64(count), ordering: .relaxed) }

  /// Counts bytes where they are handed to the caller.
  @inline(__always)
  func addReturned(_ count: Int) { returned.add(UInt64(count), ordering: .relaxed) }

  func addInPlace(_ count: Int) { inPlace.add(UInt64(count), ordering: .relaxed) }
  func addLeases(_ count: Int) { leases.add(UInt64(count), ordering: .relaxed) }
  func addRevoked(_ count: Int) { revoked.add(UInt64(count), ordering: .relaxed) }
  func addLateRead() { lateReads.add(1, ordering: .relaxed) }
  func addRequest() { requests.add(1, ordering: .relaxed) }
  func addConnection() { connections.add(1, ordering: .relaxed) }
  func addRetry() { retries.add(1, ordering: .relaxed) }
  func addFallback() { fallbacks.add(1, ordering: .relaxed) }

  /// The figures now.
  var values: ClientStatistics {
    let seen = seenFast.load(ordering: .relaxed)
    let fast = copiedFast.load(ordering: .relaxed) + seen
    return ClientStatistics(
      bytes: [
        .shared: shared.load(ordering: .relaxed) + fast,
        .domain: domain.load(ordering: .relaxed),
        .network: network.load(ordering: .relaxed), .ufs: ufs.load(ordering: .relaxed),
      ],
      bytesInPlace: inPlace.load(ordering: .relaxed) + seen,
      bytesReturned: returned.load(ordering: .relaxed) + fast,
      leases: leases.load(ordering: .relaxed), revoked: revoked.load(ordering: .relaxed),
      lateReads: lateReads.load(ordering: .relaxed), requests: requests.load(ordering: .relaxed),
      connections: connections.load(ordering: .relaxed), retries: retries.load(ordering: .relaxed),
      fallbacks: fallbacks.load(ordering: .relaxed))
  }
}
