// The domain socket in one look: what /v1/short-circuit answers and `penstock info socket` shows.
//
//   {"path":"/opt/domain/…","clients":{"shared":2,"copy":0},
//    "leases":{"held":128,"given":…,"released":…,"expired":…,"heldTooLong":…,"revoked":…,"endedWithClient":…},
//    "leasedBytes":…,"leasedBytesMax":…,"windowBytes":…,"queuedBytes":…,"bytes":{"direct":…,"domain":…}}

import Model

/// State of the domain socket at one moment.
package struct ShortCircuitReport: Sendable, Equatable {
  /// The socket.
  var path: String
  /// Clients that map the arenas, and that get copies.
  var sharedClients: Int
  var copyClients: Int
  /// Leases held now.
  var held: Int
  /// Leases given so far, and how they ended.
  var given: UInt64
  var released: UInt64
  var expired: UInt64
  /// Those that were renewed up to the longest hold.
  var heldTooLong: UInt64
  var revoked: UInt64
  var endedWithClient: UInt64
  /// Bytes of the memory tier that are leased, and that may be.
  var leasedBytes: Int
  var leasedBytesMax: Int
  /// Memory that windows made resident.
  var windowBytes: Int
  /// Bytes of answers that clients have not taken yet.
  var queuedBytes: Int
  /// Bytes that clients were sent, in place and as copies.
  var directBytes: UInt64
  var domainBytes: UInt64

  /// The report as one JSON object.
  package var json: [UInt8] {
    JSONWriter.object { writer in
      writer.member("path", path)
      writer.name("clients")
      writer.object { writer in
        writer.member("shared", sharedClients)
        writer.member("copy", copyClients)
      }
      writer.name("leases")
      writer.object { writer in
        writer.member("held", held)
        writer.member("given", given)
        writer.member("released", released)
        writer.member("expired", expired)
        writer.member("heldTooLong", heldTooLong)
        writer.member("revoked", revoked)
        writer.member("endedWithClient", endedWithClient)
      }
      writer.member("leasedBytes", leasedBytes)
      writer.member("leasedBytesMax", leasedBytesMax)
      writer.member("windowBytes", windowBytes)
      writer.member("queuedBytes", queuedBytes)
      writer.name("bytes")
      writer.object { writer in
        writer.member("direct", directBytes)
        writer.member("domain", domainBytes)
      }
    }
  }

  /// The report for people; ends in a line feed.
  package var text: String {
    func size(_ bytes: some BinaryInteger) -> String { SizeText.print(Int64(clamping: bytes)) }
    let rows = [
      ["clients in shared mode", "\(sharedClients)"],
      ["clients in copy mode", "\(copyClients)"],
      ["leases held", "\(held)"],
      ["leases given", "\(given)"],
      ["released, expired", "\(released), \(expired)"],
      ["held too long", "\(heldTooLong)"],
      ["revoked, ended with their client", "\(revoked), \(endedWithClient)"],
      ["leased memory", "\(size(leasedBytes)) of \(size(leasedBytesMax))"],
      ["memory of windows", size(windowBytes)],
      ["answers not taken yet", size(queuedBytes)],
      ["bytes leased in place", size(directBytes)],
      ["bytes copied", size(domainBytes)],
    ]
    return NUMAReport.table(["socket", path], rows)
  }
}

extension ShortCircuitServer {
  /// Its state now.
  var report: ShortCircuitReport {
    let counters = shared.counters
    let (open, sharing) = (counters.value(.open), counters.value(.openShared))
    return ShortCircuitReport(
      path: place.path, sharedClients: Int(truncatingIfNeeded: sharing),
      copyClients: Int(truncatingIfNeeded: open &- sharing),
      held: Int(truncatingIfNeeded: counters.value(.held)), given: counters.value(.leaseGiven),
      released: counters.value(.leaseReleased),
      expired: counters.value(.leaseTermExpired),
      heldTooLong: counters.value(.leaseHoldExpired),
      revoked: counters.value(.leaseRevoked), endedWithClient: counters.value(.leaseEnded),
      leasedBytes: shared.memory.bytes, leasedBytesMax: shared.memory.limit,
      windowBytes: shared.windows.bytes,
      queuedBytes: Int(truncatingIfNeeded: counters.value(.queuedBytes)),
      directBytes: counters.bytes(.direct),
      domainBytes: counters.bytes(.domain))
  }
}
