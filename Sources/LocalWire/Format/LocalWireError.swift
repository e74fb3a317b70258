// What a frame can be wrong in.

/// Why bytes from the other side are no frame, and in which field.
package struct LocalWireError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong.
  package enum Code: UInt16, Sendable {
    /// The payload ends before the field does, or goes on behind the last one.
    case length = 5101
    /// The frame is longer than its direction allows.
    case tooLong = 5102
    /// No frame of this direction has this type.
    case unknownType = 5103
    /// Bits or bytes that are to be zero are not.
    case reserved = 5104
    /// The value is outside the field's range.
    case value = 5105
    /// More things than one frame may name.
    case tooMany = 5106
    /// Text that is not UTF-8.
    case text = 5107
    /// The connection does not begin with the magic word.
    case magic = 5108
  }

  /// What is wrong.
  package let code: Code
  /// The field, by its name in the format's document.
  package let field: StaticString

  /// An error in `field`.
  package init(_ code: Code, _ field: StaticString) {
    self.code = code
    self.field = field
  }

  /// What is wrong, in words for people.
  package var description: String {
    switch code {
    case .length: "a frame is not as long as its field '\(field)' says"
    case .tooLong: "a frame's field '\(field)' is longer than it may be"
    case .unknownType: "a frame is of an unknown type"
    case .reserved: "a frame's field '\(field)' has bits that are to be zero"
    case .value: "a frame's field '\(field)' has a value that it cannot have"
    case .tooMany: "a frame's field '\(field)' counts more than it may"
    case .text: "a frame's field '\(field)' is not UTF-8"
    case .magic: "it does not begin as the short-circuit protocol does"
    }
  }

  package static func == (left: LocalWireError, right: LocalWireError) -> Bool {
    left.code == right.code && left.field.description == right.field.description
  }
}
