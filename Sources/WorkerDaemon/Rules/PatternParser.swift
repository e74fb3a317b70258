// Java's syntax of regular expressions, as far as it can be matched in linear time.

/// Reads a pattern into a tree.
struct PatternParser {
  /// Groups that may be open at a time.
  private static let depthMax = 50
  /// Times that something may be repeated by number.
  private static let countMax = 1000

  private let text: String
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private var ignoresCase = false

  /// A parser of `text`.
  init(_ text: String) {
    self.text = text
    scalars = Array(text.unicodeScalars)
  }

  /// The tree of the whole pattern.
  ///
  /// - Throws: the first thing that is wrong or not taken.
  mutating func parse() throws(PatternProblem) -> PatternNode {
    let node = try choice()
    guard position == scalars.count else { throw problem("a ) without its (") }
    return node
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private func problem(_ what: String) -> PatternProblem {
    PatternProblem(pattern: text, what: what, position: min(position + 1, max(1, scalars.count)))
  }

  private mutating func take(_ word: String) -> Bool {
    guard scalars[position...].starts(with: word.unicodeScalars) else { return false }
    position += word.unicodeScalars.count
    return true
  }

  private mutating func choice() throws(PatternProblem) -> PatternNode {
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func sequence() throws(PatternProblem) -> PatternNode {
    var nodes: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if take("\\Q") {
        quoted(into: &nodes)
      } else {
        nodes.append(try quantified(try atom(scalar)))
      }
    }
    return .sequence(nodes)
  }

  /// The scalars up to `\E`, or to the end, as they are.
  private mutating func quoted(into nodes: inout [PatternNode]) {
    while let scalar = next, !take("\\E") {
      nodes.append(.take(.single(scalar.value, ignoringCase: ignoresCase)))
      position += 1
    }
  }

  private mutating func quantified(_ node: PatternNode) throws(PatternProblem) -> PatternNode {
    var node = node
    while let (min, max) = try quantifier() {
      if next == "+" { throw problem("possessive quantifiers are not taken; leave the last + out") }
      // A lazy quantifier finds the same whole matches.
      _ = take("?")
      node = .repetition(node, min: min, max: max)
      if next == "*" || next == "+" || next == "{" {
        throw problem("a quantifier after a quantifier; put the first part in (?:…)")
      }
    }
    return node
  }

  private mutating func quantifier() throws(PatternProblem) -> (min: Int, max: Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    guard take("{") else { return nil }
    guard let min = try number() else { throw problem("a number is due after {") }
    var max: Int? = min
    if take(",") { max = try number() }
    guard take("}") else { throw problem("a } is due here") }
    if let max, max < min { throw problem("the numbers in {…} are the wrong way round") }
    return (min, max)
  }

  private mutating func number() throws(PatternProblem) -> Int? {
    var value: Int?
    while let scalar = next, ("0"..."9").contains(scalar) {
      let sum = (value ?? 0) * 10 + Int(scalar.value - 0x30)
      guard sum <= Self.countMax else { throw problem("more than \(Self.countMax) repetitions") }
      value = sum
      position += 1
    }
    return value
  }

  private mutating func atom(_ scalar: Unicode.Scalar) throws(PatternProblem) -> PatternNode {
    switch scalar {
    case "(": return try group()
    case "[": return .take(try bracket().folded(ignoresCase))
    case "*", "+", "?", "{": throw problem("there is nothing to repeat before \(scalar)")
    case "\\": return try escape()
    default: break
    }
    position += 1
    switch scalar {
    // Line ends, too: a file whose name has one must not slip through a rule.
    case ".": return .take(.any)
    case "^": return .start
    case "$": return .end
    default: return .take(.single(scalar.value, ignoringCase: ignoresCase))
    }
  }

  private mutating func group() throws(PatternProblem) -> PatternNode {
    guard depth < Self.depthMax else { throw problem("groups nested too deep") }
    for word in ["(?=", "(?!", "(?<=", "(?<!", "(?>"]
    where scalars[position...].starts(
      with: word.unicodeScalars)
    {
      throw problem("\(word)…) is not taken: patterns are matched without backtracking")
    }
    let outerCase = ignoresCase
    if take("(?i)") {
      // For the rest of the group that it stands in.
      ignoresCase = true
      return .sequence([])
    }
    if take("(?i:") {
      ignoresCase = true
    } else if take("(?<") {
      while let scalar = next, scalar != ">" {
        guard scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) else { break }
        position += 1
      }
      guard take(">") else { throw problem("a group's name has no >") }
    } else if !take("(?:") {
      guard take("(") else { throw problem("a group is due here") }
      if next == "?" {
        throw problem("this kind of group is not taken; there are (…), (?:…), (?i)")
      }
    }
    depth += 1
    let node = try choice()
    depth -= 1
    ignoresCase = outerCase
    guard take(")") else { throw problem("a ( without its )") }
    return node
  }

  private mutating func escape() throws(PatternProblem) -> PatternNode {
    position += 1
    guard let scalar = next else { throw problem("a \\ at the end") }
    switch scalar {
    case "A": position += 1; return .start
    case "z", "Z": position += 1; return .end
    case "b", "B", "G": throw problem("\\\(scalar) is not taken; write what stands around it")
    case "1"..."9", "k": throw problem("back references are not taken")
    default: return .take(try escapedClass().folded(ignoresCase))
    }
  }

  /// What the escape means whose letter is next, in and out of brackets.
  private mutating func escapedClass() throws(PatternProblem) -> ScalarClass {
    guard let scalar = next else { throw problem("a \\ at the end") }
    position += 1
    switch scalar {
    case "d": return .digits
    case "D": return ScalarClass(ranges: ScalarClass.digits.complement)
    case "w": return .words
    case "W": return ScalarClass(ranges: ScalarClass.words.complement)
    case "s": return .blanks
    case "S": return ScalarClass(ranges: ScalarClass.blanks.complement)
    case "t": return ScalarClass(ranges: [9...9])
    case "n": return ScalarClass(ranges: [10...10])
    case "f": return ScalarClass(ranges: [12...12])
    case "r": return ScalarClass(ranges: [13...13])
    case "x": return try hexadecimal(2)
    case "u": return try hexadecimal(4)
    default:
      if scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
        position -= 1
        throw problem("\\\(scalar) is not taken")
      }
      return ScalarClass(ranges: [scalar.value...scalar.value])
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(PatternProblem) -> ScalarClass {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = next.flatMap({ Character($0).hexDigitValue }) else {
        throw problem("\(count) hexadecimal digits are due here")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return ScalarClass(ranges: [value...value])
  }

  private mutating func bracket() throws(PatternProblem) -> ScalarClass {
    position += 1
    let isNegated = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    while let scalar = next, scalar != "]" || ranges.isEmpty {
      if scalar == "[" { throw problem("a [ in brackets is written \\[") }
      if scalar == "&", scalars[position...].starts(with: "&&".unicodeScalars) {
        throw problem("&& in brackets is not taken")
      }
      let low = try bracketItem()
      guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
        ranges += low.ranges
        continue
      }
      position += 1
      let high = try bracketItem()
      guard let first = Self.single(low), let last = Self.single(high), first <= last else {
        throw problem("this is no range; a - in brackets is written first, last or \\-")
      }
      ranges.append(first...last)
    }
    guard take("]") else { throw problem("a [ without its ]") }
    return ScalarClass(ranges: ranges, isNegated: isNegated)
  }

  private mutating func bracketItem() throws(PatternProblem) -> ScalarClass {
    if take("\\") { return try escapedClass() }
    guard let scalar = next else { throw problem("a [ without its ]") }
    position += 1
    return ScalarClass(ranges: [scalar.value...scalar.value])
  }

  private static func single(_ scalars: ScalarClass) -> UInt32? {
    guard scalars.ranges.count == 1, let range = scalars.ranges.first, range.count == 1 else {
      return nil
    }
    return range.lowerBound
  }
}
