// Arrays of objects in the bodies of the REST interface.

import Model

/// Reads arrays of objects.
enum JSONList {
  /// The objects of the array that `body` is; nil when it is none.
  static func objects(_ body: [UInt8]) -> [JSONValue]? {
    guard let value = try? JSONReader.parse(body) else { return nil }
    return value.elements
  }
}
