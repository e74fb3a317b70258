// The identity of a worker that has only a host name (compat §4.1, point 7).

package import Model

extension WorkerIdentity {
  /// The name UUID of `host`: MD5 of its UTF-8 bytes with version 3 and the variant of RFC 9562.
  package init(host: String) {
    var bytes = unsafe Array(host.utf8).withUnsafeBytes { unsafe MD5.digest(of: $0) }
    bytes[6] = bytes[6] & 0x0F | 0x30
    bytes[8] = bytes[8] & 0x3F | 0x80
    let words = [bytes[..<8], bytes[8...]].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
    self.init(high: words[0], low: words[1])
  }
}
