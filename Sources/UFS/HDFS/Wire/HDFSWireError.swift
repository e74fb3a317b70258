// What can be wrong with bytes that a name node or data node sent.

/// Why bytes of an HDFS peer cannot be understood.
enum HDFSWireError: Error, Hashable, CustomStringConvertible {
  /// They end inside a value.
  case truncated
  /// A number longer than ten bytes, or beyond 64 bits.
  case number
  /// A field's tag, or the kind of value it has.
  case field
  /// Text that is not UTF-8.
  case text
  /// A required field is missing.
  case missing(StaticString)
  /// A length beyond what we accept.
  case length
  /// A packet that is not the one that must come next.
  case sequence
  /// A checksum kind, or a chunk size, that we do not know.
  case checksumKind

  var description: String {
    switch self {
    case .truncated: "a message ends inside a value"
    case .number: "a number is too long"
    case .field: "a field has a wrong kind"
    case .text: "text is not UTF-8"
    case .missing(let name): "the field \(name) is missing"
    case .length: "a length is out of bounds"
    case .sequence: "a packet is out of sequence"
    case .checksumKind: "an unknown kind of checksum"
    }
  }

  static func == (left: HDFSWireError, right: HDFSWireError) -> Bool {
    left.description == right.description
  }

  func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
