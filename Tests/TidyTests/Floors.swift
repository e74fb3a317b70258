// The floor table: what each module may import. `docs/architecture.md` draws it.

/// Who may import whom.
enum Floors {
  /// System modules that any floor may use.
  static let system: Set<String> = ["Glibc", "Synchronization", "Swift", "_Concurrency"]

  /// Modules with Foundation in them, which no floor below F3 may use.
  static let foundation: Set<String> = [
    "Foundation", "FoundationEssentials", "FoundationNetworking", "FoundationXML", "Dispatch",
  ]

  /// Modules of the house and packages that a folder below `Sources` may import.
  static let allowed: [String: Set<String>] = [
    // F1
    "Model": ["CLinux"],
    "Ring": ["CLinux", "Model"],
    "HTTPWire": ["CLinux", "CTLS", "Model", "Ring"],
    "RPC": ["CGRPC", "CLinux", "Model", "Ring"],
    "Messages": ["RPC", "SwiftProtobuf"],
    "Rocks": ["CRocksDB"],
    "LocalWire": ["Model"],
    // F2: never each other
    "PageStore": ["CLinux", "Model", "Ring", "Rocks"],
    "UFS": ["CLinux", "Model", "Ring", "HTTPWire"],
    "Scheduler": ["Model", "Ring", "Rocks"],
    "Membership": ["Model"],
    // F3
    "WorkerDaemon": [
      "CLinux", "CZlib", "Model", "Ring", "HTTPWire", "LocalWire", "Membership", "Messages",
      "PageStore", "RPC", "Rocks", "Scheduler", "UFS", "Logging",
    ],
    "Client": ["CLinux", "HTTPWire", "LocalWire", "Membership", "Model", "Ring"],
    // F4
    "CInterface": ["CPenstock", "Model", "PenstockClient"],
    "Penstockd": ["CLinux", "Model", "WorkerDaemon", "ArgumentParser", "Logging"],
    "UFSIOTest": ["CLinux", "HTTPWire", "Model", "Ring", "UFS", "WorkerDaemon", "ArgumentParser"],
    "PenstockCLI": ["Model", "Scheduler", "UFSIOTest", "WorkerDaemon", "ArgumentParser"],
  ]

  /// The floor of each module, as `docs/architecture.md` must say.
  static let floor: [String: Int] = [
    "CGRPC": 0, "CLinux": 0, "CPenstock": 0, "CRocksDB": 0, "CTLS": 0, "CZlib": 0, "Model": 1,
    "Ring": 1, "HTTPWire": 1, "RPC": 1, "Messages": 1, "Rocks": 1, "LocalWire": 1, "PageStore": 2,
    "UFS": 2,
    "Scheduler": 2,
    "Membership": 2,
    "WorkerDaemon": 3, "Client": 3,
  ]

  /// Modules whose code runs on the rings.
  static let dataPath: Set<String> = ["Ring", "HTTPWire", "LocalWire", "RPC", "PageStore", "UFS"]

  /// The imports of `file` that the table does not allow.
  static func check(_ file: SourceFile) -> [Finding] {
    guard file.path.hasPrefix("Sources/"), let module = file.module else { return [] }
    guard let allowed = allowed[module] else {
      return [
        Finding(path: file.path, line: 0, message: "module \(module) is not in the floor table")
      ]
    }
    let isBelowF3 = (floor[module] ?? 4) < 3
    return imports(of: file).compactMap { line, name in
      if name == module || system.contains(name) || allowed.contains(name) { return nil }
      if foundation.contains(name) {
        guard isBelowF3 else { return nil }
        return Finding(path: file.path, line: line, message: "\(name) below floor 3")
      }
      return Finding(path: file.path, line: line, message: "\(module) may not import \(name)")
    }
  }

  /// The modules that `file` imports, with their 1-based lines, however the import is written.
  static func imports(of file: SourceFile) -> [(line: Int, module: String)] {
    let kinds: Set<Substring> = [
      "struct", "class", "enum", "protocol", "typealias", "func", "var", "let", "actor",
    ]
    return file.codeLines.enumerated().flatMap { index, line in
      line.split(separator: ";").compactMap { statement -> (line: Int, module: String)? in
        var words = statement.split(whereSeparator: \.isWhitespace)
        guard let keyword = words.firstIndex(of: "import"),
          words[..<keyword].allSatisfy({ isImportModifier($0) })
        else { return nil }
        words.removeFirst(keyword + 1)
        if let first = words.first, kinds.contains(first) { words.removeFirst() }
        guard let name = words.first?.split(separator: ".").first else { return nil }
        return (index + 1, String(name))
      }
    }
  }

  private static func isImportModifier(_ word: Substring) -> Bool {
    word.hasPrefix("@")
      || ["public", "package", "internal", "fileprivate", "private"].contains(word)
  }
}
