// What a question came to after redirects.

import HTTPWire

/// An answer that is no error, and who gave it.
struct HTTPUFSAnswer {
  /// Its head.
  let reply: HTTPResponseHead
  /// Where redirects led.
  let location: HTTPLocation
  /// Whether the server showed that the path is a directory.
  let isDirectory: Bool
}
