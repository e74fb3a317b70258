// A reader for the small XML of S3's replies: one pass, no tree, nothing but what those replies use.
//
//   var xml = XMLReader(bytes)
//   var name = try xml.root()                       ListBucketResult
//   while let name = try xml.child() {              Name, Prefix, Contents …
//     … try xml.text(), or try xml.skip(), or a loop of its own over child()
//   }                                               nil: the element's end tag has been read
//   try xml.end()
//
// Goals: no byte traps it, memory is bounded by depth, every tag is matched. Non-goals: validity, document types (refused),
// attributes (checked for their form and dropped), name spaces (the prefix of a name is dropped).

/// Reads elements one after the other.
struct XMLReader: ~Copyable {
  /// Most elements inside each other.
  static let depthMax = 16
  /// Most bytes of a name.
  static let nameSizeMax = 128
  /// Most bytes of an element's text, entities resolved.
  static let textSizeMax = 64 << 10

  private let bytes: [UInt8]
  private var offset = 0
  /// The names of the open elements, as ranges of `bytes`.
  private var open: [Range<Int>] = []
  /// Whether the innermost element was closed by its own start tag.
  private var isEmpty = false

  /// A reader at the start of a document.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
  }

  /// Goes into the root element and returns its name.
  mutating func root() throws(XMLProblem) -> String {
    precondition(open.isEmpty, "the root is the first element")
    try skipBlanks()
    guard try startsTag() else { throw .unexpected }
    return try enter()
  }

  /// Goes into the next child of the current element and returns its name, or leaves the element and returns nil.
  mutating func child() throws(XMLProblem) -> String? {
    if leaveEmpty() { return nil }
    try skipBlanks()
    if try startsTag() { return try enter() }
    try leave()
    return nil
  }

  /// Returns the text of the current element, which has no children, and leaves it.
  mutating func text() throws(XMLProblem) -> String {
    if leaveEmpty() { return "" }
    var text: [UInt8] = []
    while true {
      let start = offset
      while offset < bytes.count, bytes[offset] != Self.less, bytes[offset] != Self.ampersand {
        offset += 1
      }
      guard text.count + offset - start <= Self.textSizeMax else { throw .tooLarge }
      text.append(contentsOf: bytes[start..<offset])
      guard offset < bytes.count else { throw .truncated }
      if bytes[offset] == Self.ampersand {
        try appendEntity(to: &text)
      } else if matches("<![CDATA[") {
        try appendLiteral(to: &text)
      } else if matches("<!--") {
        try skip(to: "-->")
      } else if matches("</") {
        break
      } else {
        throw .unexpected
      }
    }
    try leave()
    guard let result = String(validating: text, as: UTF8.self) else { throw .malformed }
    return result
  }

  /// Leaves the current element, whatever is in it.
  mutating func skip() throws(XMLProblem) {
    let depth = open.count
    while open.count >= depth {
      if leaveEmpty() { continue }
      while offset < bytes.count, bytes[offset] != Self.less { offset += 1 }
      if matches("<![CDATA[") {
        try skip(to: "]]>")
      } else if matches("<!") || matches("<?") {
        try skipBlanks()
      } else if try startsTag() {
        _ = try enter()
      } else {
        try leave()
      }
    }
  }

  /// Checks that nothing but blanks and comments follows the root.
  mutating func end() throws(XMLProblem) {
    precondition(open.isEmpty, "the root has been left")
    try skipBlanks()
    guard offset == bytes.count else { throw .unexpected }
  }

  // MARK: Tags

  private static let less = UInt8(ascii: "<")
  private static let greater = UInt8(ascii: ">")
  private static let slash = UInt8(ascii: "/")
  private static let ampersand = UInt8(ascii: "&")

  /// Whether a start tag is next, not an end tag.
  private func startsTag() throws(XMLProblem) -> Bool {
    guard offset < bytes.count else { throw .truncated }
    guard bytes[offset] == Self.less else { throw .unexpected }
    guard offset + 1 < bytes.count else { throw .truncated }
    if bytes[offset + 1] == Self.slash { return false }
    return true
  }

  /// Reads a start tag.
  private mutating func enter() throws(XMLProblem) -> String {
    guard open.count < Self.depthMax else { throw .tooLarge }
    offset += 1
    let name = try readName()
    open.append(name)
    isEmpty = try skipAttributes()
    return localName(name)
  }

  /// Leaves an element that its start tag closed.
  private mutating func leaveEmpty() -> Bool {
    guard isEmpty else { return false }
    isEmpty = false
    open.removeLast()
    return true
  }

  /// Reads the end tag of the current element.
  private mutating func leave() throws(XMLProblem) {
    guard matches("</") else { throw offset < bytes.count ? .unexpected : .truncated }
    offset += 2
    let name = try readName()
    guard let top = open.popLast(), bytes[top].elementsEqual(bytes[name]) else {
      throw .unbalanced
    }
    skipSpace()
    guard offset < bytes.count else { throw .truncated }
    guard bytes[offset] == Self.greater else { throw .malformed }
    offset += 1
  }

  private mutating func readName() throws(XMLProblem) -> Range<Int> {
    let start = offset
    while offset < bytes.count, Self.isName(bytes[offset]) { offset += 1 }
    guard offset < bytes.count else { throw .truncated }
    guard offset > start else { throw .malformed }
    guard offset - start <= Self.nameSizeMax else { throw .tooLarge }
    return start..<offset
  }

  /// Passes over the rest of a start tag; true when it closes its element.
  private mutating func skipAttributes() throws(XMLProblem) -> Bool {
    while true {
      skipSpace()
      guard offset < bytes.count else { throw .truncated }
      switch bytes[offset] {
      case Self.greater:
        offset += 1
        return false
      case Self.slash:
        guard matches("/>") else { throw .malformed }
        offset += 2
        return true
      default: try skipAttribute()
      }
    }
  }

  private mutating func skipAttribute() throws(XMLProblem) {
    _ = try readName()
    skipSpace()
    guard offset < bytes.count else { throw .truncated }
    guard bytes[offset] == UInt8(ascii: "=") else { throw .malformed }
    offset += 1
    skipSpace()
    guard offset < bytes.count else { throw .truncated }
    let quote = bytes[offset]
    guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw .malformed }
    offset += 1
    while offset < bytes.count, bytes[offset] != quote {
      guard bytes[offset] != Self.less else { throw .malformed }
      offset += 1
    }
    guard offset < bytes.count else { throw .truncated }
    offset += 1
  }

  /// The part of a name after its prefix.
  private func localName(_ name: Range<Int>) -> String {
    var local = bytes[name]
    if let colon = local.lastIndex(of: UInt8(ascii: ":")) { local = local[(colon + 1)...] }
    return String(decoding: local, as: UTF8.self)
  }

  // MARK: Text

  /// Adds what the entity at the offset stands for.
  private mutating func appendEntity(to text: inout [UInt8]) throws(XMLProblem) {
    let start = offset + 1
    // The longest is `&#1114111;`, and no number is written with more zeros than that.
    let limit = min(bytes.count, start + 12)
    var end = start
    while end < limit, bytes[end] != UInt8(ascii: ";"), bytes[end] != Self.less { end += 1 }
    guard end < limit else { throw end < bytes.count ? .malformed : .truncated }
    guard bytes[end] != Self.less else { throw .malformed }
    let name = String(decoding: bytes[start..<end], as: UTF8.self)
    offset = end + 1
    switch name {
    case "amp": text.append(Self.ampersand)
    case "lt": text.append(Self.less)
    case "gt": text.append(Self.greater)
    case "quot": text.append(UInt8(ascii: "\""))
    case "apos": text.append(UInt8(ascii: "'"))
    default:
      guard name.utf8.first == UInt8(ascii: "#") else { throw .unsupported }
      text.append(contentsOf: Array(String(Character(try Self.scalar(name.dropFirst()))).utf8))
    }
  }

  /// The character that `65` or `x41` numbers.
  private static func scalar(_ digits: Substring) throws(XMLProblem) -> Unicode.Scalar {
    let isHexadecimal = digits.utf8.first == UInt8(ascii: "x")
    let number = isHexadecimal ? digits.dropFirst() : digits
    // `UInt32` would take a sign.
    guard let first = number.utf8.first, first != UInt8(ascii: "+"),
      let value = UInt32(number, radix: isHexadecimal ? 16 : 10), value != 0,
      let scalar = Unicode.Scalar(value)
    else { throw .malformed }
    return scalar
  }

  private mutating func appendLiteral(to text: inout [UInt8]) throws(XMLProblem) {
    let start = offset + "<![CDATA[".utf8.count
    try skip(to: "]]>")
    let end = offset - "]]>".utf8.count
    // `<![CDATA[]>` ends inside its own opening.
    guard end >= start else { throw .malformed }
    guard text.count + end - start <= Self.textSizeMax else { throw .tooLarge }
    text.append(contentsOf: bytes[start..<end])
  }

  // MARK: Passing over

  /// Passes over blanks, comments and processing instructions.
  private mutating func skipBlanks() throws(XMLProblem) {
    while true {
      skipSpace()
      if matches("<!--") {
        try skip(to: "-->")
      } else if matches("<?") {
        try skip(to: "?>")
      } else if matches("<!") {
        throw .unsupported
      } else {
        return
      }
    }
  }

  private mutating func skipSpace() {
    while offset < bytes.count, Self.isSpace(bytes[offset]) { offset += 1 }
  }

  /// Goes behind the next `text`.
  private mutating func skip(to text: StaticString) throws(XMLProblem) {
    while offset < bytes.count {
      if matches(text) {
        offset += text.utf8CodeUnitCount
        return
      }
      offset += 1
    }
    throw .truncated
  }

  /// Whether `text` is next.
  private func matches(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.count - offset >= count else { return false }
    for index in 0..<count where unsafe bytes[offset + index] != text.utf8Start[index] {
      return false
    }
    return true
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: ":"), 0x80...0xFF:
      true
    default: false
    }
  }
}
