// The C functions of a client: connecting, status, listings, figures. `penstock.h` says what each does.

public import CPenstock
import Glibc
import Model
import PenstockClient

// SAFETY: never freed, written once before anybody can read it.
nonisolated(unsafe) private let versionText = unsafe strdup(Version.text)

/// `penstock_version` of penstock.h, which says what it does.
@_cdecl("penstock_version")
public func penstockVersion() -> UnsafePointer<CChar>? { unsafe UnsafePointer(versionText) }

/// `penstock_interface` of penstock.h, which says what it does.
@_cdecl("penstock_interface")
public func penstockInterface() -> Int32 { PENSTOCK_INTERFACE }

/// `penstock_connect` of penstock.h, which says what it does.
@_cdecl("penstock_connect")
public func penstockConnect(
  _ settings: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
  _ error: UnsafeMutablePointer<penstock_error>?
) -> OpaquePointer? {
  var texts: [String] = []
  for index in 0..<max(0, count) {
    guard let text = unsafe settings?[index] else { continue }
    texts.append(unsafe String(cString: text))
  }
  return unsafe attempt(error) { () throws(ClientError) in
    unsafe handle(try Client(try ClientOptions(texts)))
  }
}

/// `penstock_disconnect` of penstock.h, which says what it does.
@_cdecl("penstock_disconnect")
public func penstockDisconnect(_ client: OpaquePointer?) {
  guard let client = unsafe client else { return }
  unsafe taken(client, Client.self).close()
}

/// `penstock_get_statistics` of penstock.h, which says what it does.
@_cdecl("penstock_get_statistics")
public func penstockGetStatistics(
  _ client: OpaquePointer, _ target: UnsafeMutablePointer<penstock_statistics>
) {
  let values = unsafe object(client, Client.self).statistics
  let bytes = ReadPath.allCases.map { values.bytes[$0] ?? 0 }
  unsafe target.pointee = penstock_statistics(
    bytes: (bytes[0], bytes[1], bytes[2], bytes[3]), bytes_in_place: values.bytesInPlace,
    bytes_returned: values.bytesReturned, leases: values.leases, revoked: values.revoked,
    late_reads: values.lateReads, requests: values.requests, connections: values.connections,
    retries: values.retries, fallbacks: values.fallbacks)
}

/// `penstock_stat` of penstock.h, which says what it does.
@_cdecl("penstock_stat")
public func penstockStat(
  _ client: OpaquePointer, _ path: UnsafePointer<CChar>,
  _ status: UnsafeMutablePointer<penstock_status>?,
  _ error: UnsafeMutablePointer<penstock_error>?
) -> Int32 {
  let found = unsafe attempt(error) { () throws(ClientError) in
    try unsafe object(client, Client.self).status(String(cString: path))
  }
  guard let found else { return -1 }
  unsafe write(found, to: status)
  return 0
}

/// `penstock_list` of penstock.h, which says what it does.
@_cdecl("penstock_list")
public func penstockList(
  _ client: OpaquePointer, _ path: UnsafePointer<CChar>,
  _ error: UnsafeMutablePointer<penstock_error>?
) -> OpaquePointer? {
  unsafe attempt(error) { () throws(ClientError) in
    unsafe handle(Listing(try unsafe object(client, Client.self).list(String(cString: path))))
  }
}

/// `penstock_listing_count` of penstock.h, which says what it does.
@_cdecl("penstock_listing_count")
public func penstockListingCount(_ listing: OpaquePointer) -> Int {
  unsafe object(listing, Listing.self).entries.count
}

/// `penstock_listing_path` of penstock.h, which says what it does.
@_cdecl("penstock_listing_path")
public func penstockListingPath(_ listing: OpaquePointer, _ index: Int) -> UnsafePointer<CChar>? {
  let listing = unsafe object(listing, Listing.self)
  guard listing.entries.indices.contains(index) else { return nil }
  return unsafe UnsafePointer(listing.paths[index])
}

/// `penstock_listing_ufs_path` of penstock.h, which says what it does.
@_cdecl("penstock_listing_ufs_path")
public func penstockListingUFSPath(_ listing: OpaquePointer, _ index: Int) -> UnsafePointer<CChar>?
{
  let listing = unsafe object(listing, Listing.self)
  guard listing.entries.indices.contains(index) else { return nil }
  return unsafe UnsafePointer(listing.ufsPaths[index])
}

/// `penstock_listing_status` of penstock.h, which says what it does.
@_cdecl("penstock_listing_status")
public func penstockListingStatus(
  _ listing: OpaquePointer, _ index: Int, _ status: UnsafeMutablePointer<penstock_status>?
) -> Int32 {
  let entries = unsafe object(listing, Listing.self).entries
  guard entries.indices.contains(index) else { return -1 }
  unsafe write(entries[index], to: status)
  return 0
}

/// `penstock_listing_free` of penstock.h, which says what it does.
@_cdecl("penstock_listing_free")
public func penstockListingFree(_ listing: OpaquePointer?) {
  guard let listing = unsafe listing else { return }
  _ = unsafe taken(listing, Listing.self)
}
