// The value of a key after it was read as its kind.

/// A configuration value, as typed as its key.
package enum ConfigurationValue: Sendable, Hashable {
  /// Bytes.
  case size(Int64)
  /// Bytes of each entry of a list.
  case sizes([Int64])
  /// A duration; negative or `DurationText.longest` for "off".
  case duration(Duration)
  /// A whole number or a port.
  case integer(Int64)
  /// A number with decimals.
  case number(Double)
  /// A truth value.
  case boolean(Bool)
  /// Text, a path, or one of a set of words in the registry's spelling.
  case text(String)
  /// Entries of a comma separated list.
  case list([String])
}
