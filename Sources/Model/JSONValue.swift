// A JSON text as a value: what bodies, rule files and answers are read into. Members keep their order.

/// A JSON value.
package enum JSONValue: Equatable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case boolean(Bool)
  /// A number, as it was written.
  case number(String)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object; its names differ from each other.
  case object([Member])

  /// A member of an object.
  package struct Member: Equatable, Sendable {
    /// Its name.
    package var name: String
    /// Its value.
    package var value: JSONValue
  }

  /// The members of an object, nil for anything else.
  package var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The elements of an array, nil for anything else.
  package var elements: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The text of a string, nil for anything else.
  package var text: String? { if case .string(let text) = self { text } else { nil } }

  /// The number as an integer, nil for a fraction, for one that does not fit, and for anything else.
  package var integer: Int64? {
    if case .number(let digits) = self { Int64(digits) } else { nil }
  }

  /// The truth value, nil for anything else.
  package var truth: Bool? { if case .boolean(let truth) = self { truth } else { nil } }

  /// The kind in words, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .boolean: "a truth value"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The member `name` of an object; nil without one, and for anything else.
  package subscript(name: String) -> JSONValue? {
    members?.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }
}
