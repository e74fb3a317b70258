// The C functions of a file and its views. `penstock.h` says what each does.

public import CPenstock
import PenstockClient

/// `penstock_open` of penstock.h, which says what it does.
@_cdecl("penstock_open")
public func penstockOpen(
  _ client: OpaquePointer, _ path: UnsafePointer<CChar>,
  _ error: UnsafeMutablePointer<penstock_error>?
) -> OpaquePointer? {
  unsafe attempt(error) { () throws(ClientError) in
    unsafe handle(try unsafe object(client, Client.self).open(String(cString: path)))
  }
}

/// `penstock_close` of penstock.h, which says what it does.
@_cdecl("penstock_close")
public func penstockClose(_ file: OpaquePointer?) {
  guard let file = unsafe file else { return }
  unsafe taken(file, ClientFile.self).close()
}

/// `penstock_length` of penstock.h, which says what it does.
@_cdecl("penstock_length")
public func penstockLength(_ file: OpaquePointer) -> Int64 {
  unsafe object(file, ClientFile.self).status.length
}

/// `penstock_get_status` of penstock.h, which says what it does.
@_cdecl("penstock_get_status")
public func penstockGetStatus(
  _ file: OpaquePointer, _ status: UnsafeMutablePointer<penstock_status>?
) {
  unsafe write(object(file, ClientFile.self).status, to: status)
}

/// `penstock_is_stale` of penstock.h, which says what it does.
@_cdecl("penstock_is_stale")
public func penstockIsStale(_ file: OpaquePointer) -> Int32 {
  unsafe object(file, ClientFile.self).isStale ? 1 : 0
}

/// `penstock_pread` of penstock.h, which says what it does.
@_cdecl("penstock_pread")
public func penstockPread(
  _ file: OpaquePointer, _ target: UnsafeMutableRawPointer?, _ size: Int, _ offset: UInt64,
  _ path: UnsafeMutablePointer<Int32>?, _ error: UnsafeMutablePointer<penstock_error>?
) -> Int64 {
  let outcome = unsafe attempt(error) { () throws(ClientError) in
    try unsafe object(file, ClientFile.self).read(
      into: UnsafeMutableRawBufferPointer(start: target, count: max(0, size)),
      at: clamped(offset))
  }
  return unsafe report(outcome, path)
}

/// `penstock_read` of penstock.h, which says what it does.
@_cdecl("penstock_read")
public func penstockRead(
  _ file: OpaquePointer, _ target: UnsafeMutableRawPointer?, _ size: Int,
  _ path: UnsafeMutablePointer<Int32>?, _ error: UnsafeMutablePointer<penstock_error>?
) -> Int64 {
  let outcome = unsafe attempt(error) { () throws(ClientError) in
    try unsafe object(file, ClientFile.self).read(
      into: UnsafeMutableRawBufferPointer(start: target, count: max(0, size)))
  }
  return unsafe report(outcome, path)
}

private func report(_ outcome: ReadOutcome?, _ path: UnsafeMutablePointer<Int32>?) -> Int64 {
  guard let outcome else { return -1 }
  unsafe path?.pointee = outcome.path.rawValue
  return Int64(outcome.count)
}

/// `penstock_seek` of penstock.h, which says what it does.
@_cdecl("penstock_seek")
public func penstockSeek(
  _ file: OpaquePointer, _ offset: UInt64, _ error: UnsafeMutablePointer<penstock_error>?
) -> Int32 {
  let done: Void? = unsafe attempt(error) { () throws(ClientError) in
    try unsafe object(file, ClientFile.self).seek(to: clamped(offset))
  }
  return done == nil ? -1 : 0
}

/// `penstock_read_many` of penstock.h, which says what it does.
@_cdecl("penstock_read_many")
public func penstockReadMany(
  _ file: OpaquePointer, _ ranges: UnsafeMutablePointer<penstock_range>?, _ count: Int,
  _ error: UnsafeMutablePointer<penstock_error>?
) -> Int32 {
  let all = unsafe UnsafeMutableBufferPointer(
    start: ranges, count: ranges == nil ? 0 : max(0, count))
  let wanted = unsafe all.map { range in
    unsafe ReadRange(
      into: UnsafeMutableRawBufferPointer(start: range.target, count: range.size),
      at: clamped(range.offset))
  }
  let outcomes = unsafe attempt(error) { () throws(ClientError) in
    try unsafe object(file, ClientFile.self).readMany(wanted)
  }
  guard let outcomes else { return -1 }
  for (index, outcome) in outcomes.enumerated() {
    unsafe all[index].count = outcome.count
    unsafe all[index].path = outcome.path.rawValue
  }
  return 0
}

/// `penstock_read_ahead` of penstock.h, which says what it does.
@_cdecl("penstock_read_ahead")
public func penstockReadAhead(
  _ file: OpaquePointer, _ offset: UInt64, _ size: UInt64,
  _ error: UnsafeMutablePointer<penstock_error>?
) -> Int32 {
  let done: Void? = unsafe attempt(error) { () throws(ClientError) in
    try unsafe object(file, ClientFile.self).readAhead(clamped(size), at: clamped(offset))
  }
  return done == nil ? -1 : 0
}

/// `penstock_view_open` of penstock.h, which says what it does.
@_cdecl("penstock_view_open")
public func penstockViewOpen(
  _ file: OpaquePointer, _ offset: UInt64, _ size: Int,
  _ bytes: UnsafeMutablePointer<penstock_bytes>, _ error: UnsafeMutablePointer<penstock_error>?
) -> OpaquePointer? {
  unsafe attempt(error) { () throws(ClientError) in
    let view = try unsafe object(file, ClientFile.self).view(max(0, size), at: clamped(offset))
    unsafe bytes.pointee = penstock_bytes(
      bytes: view.bytes.baseAddress, count: view.bytes.count, path: view.path.rawValue,
      is_copy: view.isCopy ? 1 : 0)
    return unsafe handle(view)
  }
}

/// `penstock_view_is_live` of penstock.h, which says what it does.
@_cdecl("penstock_view_is_live")
public func penstockViewIsLive(_ view: OpaquePointer) -> Int32 {
  unsafe object(view, View.self).isLive ? 1 : 0
}

/// `penstock_view_close` of penstock.h, which says what it does.
@_cdecl("penstock_view_close")
public func penstockViewClose(_ view: OpaquePointer) -> Int32 {
  unsafe object(view, View.self).close() ? 1 : 0
}

/// `penstock_view_free` of penstock.h, which says what it does.
@_cdecl("penstock_view_free")
public func penstockViewFree(_ view: OpaquePointer?) {
  guard let view = unsafe view else { return }
  _ = unsafe taken(view, View.self).close()
}
