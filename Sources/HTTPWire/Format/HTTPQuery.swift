// Splitting of paths and queries, before any decoding.

/// The raw parts of paths and queries.
package enum HTTPQuery {
  /// Calls `body` with the raw name and value of each `name=value` of `query` in order, until it returns false.
  ///
  /// A part without `=` is a name with an empty value; empty parts are left out.
  package static func forEach(
    _ query: UnsafeRawBufferPointer,
    _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool
  ) {
    var start = 0
    while start < query.count {
      var end = start
      while end < query.count, unsafe query[end] != UInt8(ascii: "&") { end += 1 }
      var equals = start
      while equals < end, unsafe query[equals] != UInt8(ascii: "=") { equals += 1 }
      if end > start {
        let name = unsafe query.slice(start, equals - start)
        let value = unsafe query.slice(min(equals + 1, end), end - min(equals + 1, end))
        guard unsafe body(name, value) else { return }
      }
      start = end + 1
    }
  }

  /// The raw value of the first parameter whose raw name is `name`; nil without one.
  package static func value(
    of name: StaticString, in query: UnsafeRawBufferPointer
  ) -> UnsafeRawBufferPointer? {
    var found: UnsafeRawBufferPointer?
    unsafe forEach(query) { candidate, value in
      guard unsafe candidate.equals(name) else { return true }
      unsafe found = unsafe value
      return false
    }
    return unsafe found
  }

  /// The raw segments of `path` between slashes, empty ones left out.
  package static func segments(_ path: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
    var segments: [UnsafeRawBufferPointer] = unsafe []
    var start = 0
    while start < path.count {
      var end = start
      while end < path.count, unsafe path[end] != UInt8(ascii: "/") { end += 1 }
      if end > start { unsafe segments.append(unsafe path.slice(start, end - start)) }
      start = end + 1
    }
    return unsafe segments
  }
}
