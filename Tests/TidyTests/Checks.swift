// The checks that are more than a pattern: documentation, headers, paths, promises, sizes, words.

import Foundation

/// Checks of one file each; every one returns what it finds wrong.
enum Checks {
  /// Product files longer than this are asked to become two.
  static let lineCountMax = 500
  /// Nothing larger than this belongs in the repository.
  static let sizeMax = 256 << 10

  /// Product files open with a comment that says what they are for.
  static func header(_ file: SourceFile) -> [Finding] {
    guard file.isProduct, !file.text.hasPrefix("//") else { return [] }
    return [Finding(path: file.path, line: 1, message: "no header comment")]
  }

  /// Every `package` declaration has a doc comment, or follows one that speaks for both.
  ///
  /// What a protocol of the house requires is documented there, not again at each witness.
  static func documentation(
    _ file: SourceFile, requirements: Set<String> = []
  ) throws -> [Finding] {
    guard file.isProduct else { return [] }
    let modifiers =
      #"(final|static|class|nonisolated(\([a-z]+\))?|mutating|consuming|borrowing|indirect|override"#
      + #"|convenience|lazy|weak|unowned|private\(set\)|fileprivate\(set\)|unsafe)"#
    let declaration = try Regex(
      #"^\s*(@\w+(\([^)]*\))?\s+)*("# + modifiers + #"\s+)*package\s+(\#(modifiers)\s+)*"#
        + #"(func|var|let|init|struct|class|enum|protocol|actor|typealias|subscript)\b"#)
    let witness = try Regex(
      #"func (==|<|hash\(into|encode\()|var (description|unownedExecutor)\b|rawValue\b|init\(\) \{\}"#
        + #"|\boverride\b"#)
    let name = try Regex(#"\b(func|var|let) +(\w+)"#)
    let lines = file.lines
    let code = file.codeLines
    var findings: [Finding] = []
    for (index, line) in code.enumerated() {
      guard line.firstMatch(of: declaration) != nil, line.firstMatch(of: witness) == nil else {
        continue
      }
      if let named = line.firstMatch(of: name)?.output[2].substring,
        requirements.contains(String(named))
      {
        continue
      }
      var above = index - 1
      while above >= 0, isAttributeOrSibling(lines[above]) { above -= 1 }
      let isDocumented =
        above >= 0 && lines[above].drop(while: \.isWhitespace).hasPrefix("///")
      if !isDocumented {
        findings.append(
          Finding(path: file.path, line: index + 1, message: "package declaration without a doc"))
      }
    }
    return findings
  }

  /// The names that the protocols of `files` require.
  static func requirements(of files: [SourceFile]) throws -> Set<String> {
    let requirement = try Regex(#"^  +(static +|mutating +)*(func|var) +(\w+)"#)
    var names: Set<String> = []
    for file in files where file.isProduct {
      var isInside = false
      for line in file.codeLines {
        if line.contains("protocol ") { isInside = true }
        if line == "}" { isInside = false }
        if isInside, let match = line.firstMatch(of: requirement) {
          names.insert(String(match.output[3].substring ?? ""))
        }
      }
    }
    return names
  }

  /// Attributes, and one-line properties that share the doc comment of the first of them.
  private static func isAttributeOrSibling(_ line: Substring) -> Bool {
    let text = line.drop(while: \.isWhitespace)
    if text.hasPrefix("@") || text.hasPrefix("// ") || text.hasPrefix("#if") {
      return true
    }
    return (text.hasPrefix("package var ") || text.hasPrefix("package let ")) && !text.contains("{")
  }

  /// A file with `@unchecked Sendable` or `nonisolated(unsafe)` says what makes it safe.
  static func safety(_ file: SourceFile) -> [Finding] {
    guard file.isProduct, !file.text.contains("SAFETY:") else { return [] }
    return file.codeLines.enumerated().compactMap { index, line in
      guard line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") else {
        return nil
      }
      return Finding(path: file.path, line: index + 1, message: "no SAFETY: comment in the file")
    }
  }

  /// A promise names the issue that keeps it.
  static func promises(_ file: SourceFile) throws -> [Finding] {
    guard file.path.hasSuffix(".swift") || file.path.hasPrefix("scripts/") else { return [] }
    let fix = "FIX" + "ME"
    let later = try Regex(#"\b"# + "TO" + #"DO\b(?!.*#\d)"#)
    return file.lines.enumerated().compactMap { index, line in
      guard line.contains(fix) || line.firstMatch(of: later) != nil else { return nil }
      return Finding(path: file.path, line: index + 1, message: "a promise without an issue")
    }
  }

  /// No path of the machine the code was written on.
  static func machinePaths(_ file: SourceFile) throws -> [Finding] {
    let folders = ["wo" + "rk", "ro" + "ot", "fa" + "rm"].joined(separator: "|")
    let expression = try Regex(#"(^|[^\w.}\)$%*>-])/(\#(folders))/|/opt/"# + "sw" + "ift")
    return file.lines.enumerated().compactMap { index, line in
      guard line.firstMatch(of: expression) != nil else { return nil }
      return Finding(path: file.path, line: index + 1, message: "a path of one machine")
    }
  }

  /// Product files stay short enough to be read.
  static func length(_ file: SourceFile) -> [Finding] {
    guard file.isProduct, file.lines.count > lineCountMax else { return [] }
    return [
      Finding(path: file.path, line: 0, message: "\(file.lines.count) lines: make it two files")
    ]
  }

  /// Declared names use the glossary's words.
  static func words(_ file: SourceFile) throws -> [Finding] {
    guard file.isProduct else { return [] }
    let banned: Set<String> = [
      "backend", "purge", "migrate", "gc", "zone", "steal", "mgr", "manager", "util", "utils",
      "helper", "helpers", "misc", "impl", "cnt", "idx", "ptr", "buf", "cfg", "mutexes",
    ]
    let declaration = try Regex(
      #"\b(func|var|let|struct|class|enum|protocol|actor|typealias|case) +(\w+)"#)
    return file.codeLines.enumerated().compactMap { index, line in
      guard let match = line.firstMatch(of: declaration), let name = match.output[2].substring,
        let word = wordsOf(name).first(where: { banned.contains($0) })
      else { return nil }
      return Finding(
        path: file.path, line: index + 1, message: "'\(word)' in \(name): see docs/glossary.md")
    }
  }

  /// The words of a camel-case name, in lower case.
  static func wordsOf(_ name: Substring) -> [String] {
    var words: [String] = []
    for character in name {
      if character.isUppercase || words.isEmpty { words.append("") }
      words[words.count - 1].append(character.lowercased())
    }
    return words
  }

  /// Links between the documents lead somewhere.
  static func links(_ file: SourceFile, exists: (String) -> Bool) throws -> [Finding] {
    guard file.path.hasSuffix(".md") else { return [] }
    let link = try Regex(#"\]\(([^)#\s]+)(#[^)]*)?\)"#)
    let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
    return file.lines.enumerated().flatMap { index, line in
      line.matches(of: link).compactMap { match -> Finding? in
        guard let target = match.output[1].substring, !target.contains("://"),
          !target.hasPrefix("mailto:")
        else { return nil }
        let path = URL(filePath: "/\(folder)/\(target)").standardized.path.dropFirst()
        guard !exists(String(path)) else { return nil }
        return Finding(path: file.path, line: index + 1, message: "no such file: \(target)")
      }
    }
  }
}
