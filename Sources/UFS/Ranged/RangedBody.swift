// The answer to a question for a range.

import HTTPWire

/// A reply whose head was checked: it brings bytes of the version asked for.
struct RangedBody {
  /// The reply, none of whose body is read yet.
  let response: HTTPClientResponse
  /// The file's offset of its first byte, and of the byte after its last: of the range asked for, or the whole file.
  let start: Int64
  let end: Int64
}
