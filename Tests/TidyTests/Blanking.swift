// A Swift lexer as small as tidy needs: it tells code from comments and string literals.
//
// Handled: line comments, nested block comments, plain, multi-line and raw strings, and quotes
// inside interpolations. Not handled: regular expression literals, which this project does not use.

/// `source` with every character of a comment or a string literal turned into a space.
func blankingCommentsAndStrings(_ source: String) -> String {
  var lexer = Blanker(Array(source.utf8))
  return String(decoding: lexer.run(), as: UTF8.self)
}

private struct Blanker {
  private let input: [UInt8]
  private var output: [UInt8] = []
  private var position = 0

  init(_ input: [UInt8]) {
    self.input = input
    output.reserveCapacity(input.count)
  }

  mutating func run() -> [UInt8] {
    while position < input.count {
      if starts(with: "//") {
        while position < input.count, input[position] != UInt8(ascii: "\n") { blank() }
      } else if starts(with: "/*") {
        blankBlockComment()
      } else if let pounds = rawStringPounds() {
        blankString(pounds: pounds)
      } else {
        output.append(input[position])
        position += 1
      }
    }
    return output
  }

  private func starts(with text: StaticString, at offset: Int = 0) -> Bool {
    let start = position + offset
    let wanted = Array("\(text)".utf8)
    return start + wanted.count <= input.count
      && input[start..<(start + wanted.count)].elementsEqual(wanted)
  }

  private mutating func blank(_ count: Int = 1) {
    for _ in 0..<count where position < input.count {
      let byte = input[position]
      output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
      position += 1
    }
  }

  private mutating func blankBlockComment() {
    var depth = 0
    repeat {
      if starts(with: "/*") {
        depth += 1
        blank(2)
      } else if starts(with: "*/") {
        depth -= 1
        blank(2)
      } else {
        blank()
      }
    } while depth > 0 && position < input.count
  }

  /// The number of `#` before a quote when a string literal starts here.
  private func rawStringPounds() -> Int? {
    var pounds = 0
    while starts(with: "#", at: pounds) { pounds += 1 }
    return starts(with: "\"", at: pounds) ? pounds : nil
  }

  private mutating func blankString(pounds: Int) {
    blank(pounds)
    let isMultiLine = starts(with: "\"\"\"")
    blank(isMultiLine ? 3 : 1)
    while position < input.count {
      if starts(with: "\\"), escapeReaches(pounds) {
        blank(1 + pounds)
        if starts(with: "(") { blankInterpolation() } else { blank() }
      } else if closes(isMultiLine: isMultiLine, pounds: pounds) {
        blank((isMultiLine ? 3 : 1) + pounds)
        return
      } else if !isMultiLine, starts(with: "\n") {
        return  // An unfinished literal: go on with the next line as code.
      } else {
        blank()
      }
    }
  }

  private func escapeReaches(_ pounds: Int) -> Bool {
    (0..<pounds).allSatisfy { starts(with: "#", at: 1 + $0) }
  }

  private func closes(isMultiLine: Bool, pounds: Int) -> Bool {
    let width = isMultiLine ? 3 : 1
    return (isMultiLine ? starts(with: "\"\"\"") : starts(with: "\""))
      && (0..<pounds).allSatisfy { starts(with: "#", at: width + $0) }
  }

  private mutating func blankInterpolation() {
    var depth = 0
    repeat {
      if starts(with: "(") { depth += 1 }
      if starts(with: ")") { depth -= 1 }
      if let pounds = rawStringPounds() { blankString(pounds: pounds) } else { blank() }
    } while depth > 0 && position < input.count
  }
}
