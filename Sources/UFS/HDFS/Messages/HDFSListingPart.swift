// A part of a directory's listing.

/// Entries of a directory, in the order of their names' bytes.
struct HDFSListingPart: Sendable {
  /// The entries.
  var entries: [HDFSStatus] = []
  /// Entries after these.
  var remaining: UInt32 = 0

  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    var message = message
    while let field = try message.next() {
      switch field.number {
      case 1: entries.append(try HDFSStatus(try message.nested(field)))
      case 2: remaining = try message.number32(field)
      default: try message.skip(field)
      }
    }
  }
}
