// A trace as text, read and written. What is out of form is an error with its line, never a guess.

/// Why a trace cannot be read.
struct TraceError: Error, Equatable, CustomStringConvertible {
  /// What is wrong with a line.
  enum Problem: Equatable {
    /// The first line is not the header.
    case noHeader
    /// It has so many fields instead of four.
    case fieldCount(Int)
    /// A quoted file name does not end, or goes on after its quote.
    case badQuotes
    /// The file has no name.
    case noFile
    /// A field is no number, or one beyond 2^63.
    case badNumber(field: String)
    /// The length is 0, or the read ends beyond 2^63.
    case badRange
    /// The time is before that of the line above.
    case timeGoesBack
    /// There is a header and nothing else.
    case empty
  }

  /// 1-based line.
  let line: Int
  let problem: Problem

  var description: String {
    let text =
      switch problem {
      case .noHeader: "the first line must be \"\(Trace.header)\""
      case .fieldCount(let count): "\(count) fields where there are 4: \(Trace.header)"
      case .badQuotes: "a quoted name must end with a quote and a comma"
      case .noFile: "the file has no name"
      case .badNumber(let field): "\(field) is no whole number from 0 to 2^63 − 1"
      case .badRange: "the length is 0, or offset and length exceed 2^63 − 1"
      case .timeGoesBack: "the time is before that of the line above"
      case .empty: "no line after the header"
      }
    return "line \(line): \(text)"
  }
}

extension Trace {
  /// The first line.
  static let header = "time,file,offset,length"

  /// The trace that `text` is.
  ///
  /// Lines end with a line feed, with or without a carriage return; empty lines are left out.
  init(csv text: String) throws(TraceError) {
    self.init()
    var number = 0
    for raw in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let line = raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw
      if number == 1 {
        guard line.elementsEqual(Trace.header.utf8) else {
          throw TraceError(line: 1, problem: .noHeader)
        }
      } else if !line.isEmpty {
        do throws(LineProblem) {
          try append(line: line)
        } catch {
          throw TraceError(line: number, problem: error.problem)
        }
      }
    }
    guard !requests.isEmpty else { throw TraceError(line: number, problem: .empty) }
  }

  /// The trace as text.
  var csv: String {
    var text = Trace.header + "\n"
    for request in requests {
      let file = Trace.quoted(files[request.file])
      text += "\(request.time),\(file),\(request.offset),\(request.length)\n"
    }
    return text
  }

  private struct LineProblem: Error {
    let problem: TraceError.Problem
  }

  private mutating func append(line: Substring.UTF8View) throws(LineProblem) {
    let fields = try Trace.fields(of: line)
    guard fields.count == 4 else { throw LineProblem(problem: .fieldCount(fields.count)) }
    let time = try Trace.number(fields[0], "time")
    let offset = try Trace.number(fields[2], "offset")
    let length = try Trace.number(fields[3], "length")
    guard !fields[1].isEmpty else { throw LineProblem(problem: .noFile) }
    guard length > 0, !offset.addingReportingOverflow(length).overflow else {
      throw LineProblem(problem: .badRange)
    }
    guard UInt64(time) >= requests.last?.time ?? 0 else {
      throw LineProblem(problem: .timeGoesBack)
    }
    append(time: UInt64(time), file: fields[1], offset: offset, length: length)
  }

  private static func number(_ text: String, _ field: String) throws(LineProblem) -> Int {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
      throw LineProblem(problem: .badNumber(field: field))
    }
    return number
  }

  private static func fields(of line: Substring.UTF8View) throws(LineProblem) -> [String] {
    let (comma, quote) = (UInt8(ascii: ","), UInt8(ascii: "\""))
    var fields: [String] = []
    var rest = line[...]
    while true {
      if rest.first == quote {
        fields.append(try quotedField(&rest))
      } else {
        let field = rest.prefix { $0 != comma }
        fields.append(String(Substring(field)))
        rest = rest.dropFirst(field.count)
      }
      guard let next = rest.popFirst() else { return fields }
      guard next == comma else { throw LineProblem(problem: .badQuotes) }
    }
  }

  /// Takes a quoted field off the front of `rest`; two quotes in it stand for one.
  private static func quotedField(
    _ rest: inout Substring.UTF8View
  ) throws(LineProblem) -> String {
    let quote = UInt8(ascii: "\"")
    var bytes: [UInt8] = []
    rest = rest.dropFirst()
    while let byte = rest.popFirst() {
      guard byte == quote else {
        bytes.append(byte)
        continue
      }
      guard rest.first == quote else { return String(decoding: bytes, as: UTF8.self) }
      rest = rest.dropFirst()
      bytes.append(quote)
    }
    throw LineProblem(problem: .badQuotes)
  }

  private static func quoted(_ name: String) -> String {
    guard name.utf8.contains(where: { [0x22, 0x2C].contains($0) }) else { return name }
    return "\""
      + name.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }
}
