// What kind of value a key takes, and how such a value is read.

/// The kind of a key's value.
package enum ConfigurationKind: Sendable, Hashable {
  /// Bytes: `512MB`, `1.5g`.
  case size
  /// Bytes in a range, for sizes that something is divided or bounded by.
  case sizeIn(ClosedRange<Int64>)
  /// Bytes in a range that are a power of two.
  case powerOfTwo(ClosedRange<Int64>)
  /// A comma separated list of sizes.
  case sizeList
  /// A duration; with `off`, a negative one is accepted and turns the feature off.
  case duration(off: Bool)
  /// A whole number in a range.
  case integer(ClosedRange<Int64>)
  /// A number with decimals in a range.
  case number(ClosedRange<Double>)
  /// `true` or `false`.
  case boolean
  /// Any text.
  case string
  /// A comma separated list; entries are trimmed and empty ones dropped.
  case list
  /// A TCP port; 0 lets the kernel choose.
  case port
  /// A path or a list of paths in the owner's own syntax.
  case path
  /// One of some words, any case.
  case choice([String])

  /// `text` read as this kind, or nil when it is none of this kind.
  package func value(of text: String) -> ConfigurationValue? {
    switch self {
    case .size: SizeText.parse(text).map(ConfigurationValue.size)
    case .sizeIn(let range):
      SizeText.parse(text).flatMap { range.contains($0) ? .size($0) : nil }
    case .powerOfTwo(let range):
      SizeText.parse(text).flatMap { range.contains($0) && $0 & ($0 - 1) == 0 ? .size($0) : nil }
    case .sizeList: Self.sizes(text).map(ConfigurationValue.sizes)
    case .duration(let off):
      DurationText.parse(text).flatMap { off || $0 >= .zero ? .duration($0) : nil }
    case .integer(let range):
      NumberText.integer(text).flatMap { range.contains($0) ? .integer($0) : nil }
    case .number(let range):
      NumberText.number(text).flatMap { range.contains($0) ? .number($0) : nil }
    case .boolean: NumberText.boolean(text).map(ConfigurationValue.boolean)
    case .string, .path: .text(text.asciiTrimmed)
    case .list: .list(Self.entries(text).filter { !$0.isEmpty })
    case .port:
      NumberText.integer(text).flatMap { (0...65535).contains($0) ? .integer($0) : nil }
    case .choice(let words):
      words.first { $0.lowercased() == text.asciiTrimmed.lowercased() }
        .map(ConfigurationValue.text)
    }
  }

  /// The accepted form in words, for messages and the documentation.
  package var accepted: String {
    switch self {
    case .size: "a size such as 512MB, 1.5g or 4096 (b, k, m, g, t, p: powers of 1024)"
    case .sizeIn(let range):
      "a size from \(SizeText.print(range.lowerBound)) to \(SizeText.print(range.upperBound))"
        + " (b, k, m, g, t, p: powers of 1024)"
    case .powerOfTwo(let range):
      "a power of two from \(SizeText.print(range.lowerBound)) to \(SizeText.print(range.upperBound))"
        + " (b, k, m, g, t, p: powers of 1024)"
    case .sizeList: "sizes separated by commas, such as 512MB,2GB"
    case .duration(let off):
      "a duration such as 500ms, 30s, 5min, 2h, 7d or Long.MAX_VALUE"
        + (off ? "; negative: off" : ", not negative")
    case .integer(let range): "an integer\(Self.words(range, unbounded: .max))"
    case .number(let range): "a number\(Self.words(range, unbounded: .greatestFiniteMagnitude))"
    case .boolean: "true or false"
    case .string: "any text"
    case .list: "a list separated by commas"
    case .port: "a port from 0 to 65535"
    case .path: "a path"
    case .choice(let words): "one of \(words.joined(separator: ", "))"
    }
  }

  /// The kind's short name, for the documentation.
  package var label: String {
    switch self {
    case .size, .sizeIn, .powerOfTwo: "size"
    case .sizeList: "sizes"
    case .duration: "duration"
    case .integer: "integer"
    case .number: "number"
    case .boolean: "boolean"
    case .string: "text"
    case .list: "list"
    case .port: "port"
    case .path: "path"
    case .choice(let words): words.joined(separator: ", ")
    }
  }

  /// A range as it follows "an integer" or "a number".
  private static func words<Bound: SignedNumeric & Comparable>(
    _ range: ClosedRange<Bound>, unbounded: Bound
  ) -> String {
    if range.upperBound < unbounded { return " from \(range.lowerBound) to \(range.upperBound)" }
    return range.lowerBound <= -unbounded ? "" : " of at least \(range.lowerBound)"
  }

  /// The sizes of a list, or nil when an entry is not one; empty text is an empty list.
  private static func sizes(_ text: String) -> [Int64]? {
    guard !text.asciiTrimmed.isEmpty else { return [] }
    var sizes: [Int64] = []
    for entry in entries(text) {
      guard let size = SizeText.parse(entry) else { return nil }
      sizes.append(size)
    }
    return sizes
  }

  /// The trimmed entries between commas, empty ones included.
  private static func entries(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map(\.asciiTrimmed)
  }
}
