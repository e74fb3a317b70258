// How many columns of a terminal a text takes.
//
// Marks that combine take none, East Asian letters and pictures two; whatever moves the cursor is replaced.

/// Widths of texts on a terminal.
package enum ColumnText {
  /// Ranges of code points that take two columns; ambiguous ones are counted as one, as terminals do by default.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
    0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
    0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
    0x20000...0x3FFFD,
  ]

  /// `text` with a question mark for each character that is none to look at.
  package static func plain(_ text: String) -> String {
    String(text.map { isControl($0) ? "?" : $0 })
  }

  /// Columns that `text` takes.
  package static func width(of text: String) -> Int { text.reduce(0) { $0 + width(of: $1) } }

  /// As much of the beginning of `text` as `columns` columns hold.
  package static func cut(_ text: String, columns: Int) -> String {
    var (rest, end) = (columns, text.startIndex)
    for index in text.indices {
      rest -= width(of: text[index])
      guard rest >= 0 else { break }
      end = text.index(after: index)
    }
    return String(text[..<end])
  }

  private static func width(of character: Character) -> Int {
    // All its parts together: older terminals show those of a joined picture one by one.
    let parts = character.unicodeScalars.map { scalar in
      if wide.contains(where: { $0.contains(scalar.value) }) { return 2 }
      return isMark(scalar) ? 0 : 1
    }
    return parts.reduce(0, +)
  }

  private static func isControl(_ character: Character) -> Bool {
    character.unicodeScalars.contains { scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: true
      // Marks of direction would turn the rest of the line around.
      case .format: scalar.value != 0x200D
      default: false
      }
    }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: true
    default: false
    }
  }
}
