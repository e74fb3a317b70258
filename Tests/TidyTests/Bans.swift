// Words the code must do without, each with the reason a reader of the failure needs.

/// One banned pattern and where it is banned.
struct Ban: Sendable {
  /// What is looked for in the code, comments and strings left out.
  let pattern: String
  /// Why, in a few words.
  let reason: String
  /// Whether the ban holds for a file.
  let applies: @Sendable (SourceFile) -> Bool

  /// Every ban of the house.
  static let all: [Ban] = [
    Ban(#"\btry!"#, "a thrown error must not trap") { $0.isProduct },
    Ban(#"\bas!"#, "a cast must not trap") { $0.isProduct },
    Ban(#"\bfatalError\("#, "throw, or state a precondition") { $0.isProduct },
    Ban(
      #"(^|\s)(public|open) (struct|enum|final|class|protocol|let|var|func|init|static|typealias)\b"#,
      "only the client library has users outside"
    ) {
      $0.isProduct && $0.module != "Client"
    },
    Ban(#"@_exported"#, "re-exports hide who imports whom") { _ in true },
    Ban(#"\bDate\(\)"#, "ask the reactor or a clock for the time") { $0.isProduct },
    Ban(#"\bDispatchQueue\b"#, "work runs on a reactor or a blocking pool") { $0.isProduct },
    Ban(#"\bThread(\(|\.| *\{)"#, "threads are the reactor's and the pools'") { $0.isProduct },
    Ban(#"\.random\((?!.*using:)"#, "randomness comes from a seeded generator") {
      !$0.path.hasSuffix("/SeededRandom.swift")
    },
    Ban(#"\.shuffled\(\)|\.randomElement\(\)"#, "randomness comes from a seeded generator") { _ in
      true
    },
    Ban(#"(^|[^.\w])print\("#, "log, or return text to the command") {
      $0.isProduct && $0.module != "PenstockCLI"
    },
    Ban(#"(^|[^.\w])Task(<[^>]*>)?( *\{|\.init\b|\.detached\b|\.immediate\b)"#, "leaves the ring") {
      $0.isProduct && Floors.dataPath.contains($0.module ?? "")
    },
    Ban(#"\bwithChecked(Throwing)?Continuation\b"#, "allocates on a hot path") {
      $0.isProduct && Floors.dataPath.contains($0.module ?? "")
    },
    Ban(#"(^|[^.\w])(u?sleep|nanosleep|Task\.sleep)\("#, "wait for an event") {
      $0.path.hasPrefix("Tests/") && $0.module != "TidyTests" && $0.module != "DaemonDriver"
    },
  ]

  init(
    _ pattern: String, _ reason: String, where applies: @escaping @Sendable (SourceFile) -> Bool
  ) {
    self.pattern = pattern
    self.reason = reason
    self.applies = applies
  }

  /// The places in `file` where the ban is broken.
  func check(_ file: SourceFile) throws -> [Finding] {
    guard file.path.hasSuffix(".swift"), applies(file) else { return [] }
    let expression = try Regex(pattern).wordBoundaryKind(.simple)
    return file.codeLines.enumerated().compactMap { index, line in
      guard !line.contains("func "), let match = line.firstMatch(of: expression) else { return nil }
      return Finding(
        path: file.path, line: index + 1, message: "'\(line[match.range])': \(reason)")
    }
  }
}
