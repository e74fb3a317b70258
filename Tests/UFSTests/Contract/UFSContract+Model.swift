import DaemonDriver
import Model
import Testing

@testable import UFS

extension UFSContract {
  static let modelled: [Case] = [
    Case("random operations do what they do to a dictionary", needs: [.rename, .directories]) {
      subject in
      var random = SeededRandom()
      var model = TreeModel()
      for step in 0..<600 {
        let operation = TreeModel.Operation.random(using: &random)
        if case .write = operation,
          !subject.fileSystem.capabilities.contains(.randomWrite)
        {
          continue
        }
        let want = model.apply(operation)
        let got = await subject.code { fileSystem in
          try await operation.run(subject)
        }
        #expect(got == want, "SEED=\(random.seed) step \(step) \(operation)")
        if got != want { return }
        guard step % 20 == 0 else { continue }
        let found = try await snapshot(subject)
        #expect(found == model.nodes, "SEED=\(random.seed) step \(step)")
      }
      let found = try await snapshot(subject)
      #expect(found == model.nodes, "SEED=\(random.seed)")
    }
  ]

  /// Everything there is.
  private static func snapshot(
    _ subject: UFSSubject
  ) async throws(UFSError) -> [String: TreeModel.Node] {
    var nodes: [String: TreeModel.Node] = [:]
    for path in try await subject.tree() {
      if path.hasSuffix("/") {
        nodes[String(path.dropLast())] = .directory
      } else {
        nodes[path] = .file(try await subject.contents(path))
      }
    }
    return nodes
  }
}

/// A file system as a dictionary.
struct TreeModel {
  enum Node: Equatable {
    case directory
    case file([UInt8])
  }

  enum Operation {
    case create(String, UFSCreation, [UInt8])
    case write(String, UInt8, Int64)
    case makeDirectory(String, recursive: Bool)
    case touch(String)
    case rename(String, String, replacing: Bool)
    case copy(String, String, replacing: Bool)
    case delete(String, recursive: Bool)

    static func random(using random: inout SeededRandom) -> Operation {
      let path = randomPath(using: &random)
      let flag = Bool.random(using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0, 1: return .create(path, flag ? .exclusive : .replacing, random.bytes(5))
      case 2:
        return .write(
          path, UInt8.random(in: 0...255, using: &random), Int64.random(in: 0..<9, using: &random))
      case 3, 4: return .makeDirectory(path, recursive: flag)
      case 5: return .touch(path)
      case 6, 7: return .rename(path, randomPath(using: &random), replacing: flag)
      case 8: return .copy(path, randomPath(using: &random), replacing: flag)
      default: return .delete(path, recursive: flag)
      }
    }

    private static func randomPath(using random: inout SeededRandom) -> String {
      (0..<Int.random(in: 1...3, using: &random))
        .map { _ in ["a", "b", "c"][Int.random(in: 0..<3, using: &random)] }
        .joined(separator: "/")
    }

    func run(_ subject: UFSSubject) async throws(UFSError) {
      let fileSystem = subject.fileSystem
      switch self {
      case .create(let path, let mode, let bytes): try await subject.put(path, bytes, mode)
      case .write(let path, let byte, let offset):
        try await subject.write([byte], to: path, at: offset)
      case .makeDirectory(let path, let recursive):
        _ = try await fileSystem.makeDirectory(path, recursive: recursive)
      case .touch(let path): try await fileSystem.touch(path)
      case .rename(let from, let to, let replacing):
        try await fileSystem.rename(from, to: to, replacing: replacing)
      case .copy(let from, let to, let replacing):
        try await fileSystem.copyFile(from, to: to, replacing: replacing)
      case .delete(let path, let recursive): try await fileSystem.delete(path, recursive: recursive)
      }
    }
  }

  /// Everything but the root.
  private(set) var nodes: [String: Node] = [:]

  /// Does it, or says the code of why not.
  mutating func apply(_ operation: Operation) -> UFSError.Code? {
    switch operation {
    case .create(let path, let mode, let bytes): return create(path, mode, bytes)
    case .write(let path, let byte, let offset): return write(path, byte, Int(offset))
    case .makeDirectory(let path, let recursive): return makeDirectory(path, recursive)
    case .touch(let path): return touch(path)
    case .rename(let from, let to, let replacing): return rename(from, to, replacing)
    case .copy(let from, let to, let replacing): return copy(from, to, replacing)
    case .delete(let path, let recursive): return delete(path, recursive)
    }
  }

  /// What is wrong with the directories above `path`.
  private func parentProblem(_ path: String) -> UFSError.Code? {
    var above = ""
    for name in pathComponents(path).dropLast() {
      above = joinPath(above, name)
      switch nodes[above] {
      case nil: return .notFound
      case .file: return .notDirectory
      case .directory: continue
      }
    }
    return nil
  }

  private mutating func create(
    _ path: String, _ mode: UFSCreation, _ bytes: [UInt8]
  ) -> UFSError.Code? {
    if let problem = parentProblem(path) { return problem }
    if mode == .exclusive, nodes[path] != nil { return .exists }
    if nodes[path] == .directory { return .isDirectory }
    nodes[path] = .file(bytes)
    return nil
  }

  private mutating func write(_ path: String, _ byte: UInt8, _ offset: Int) -> UFSError.Code? {
    if parentProblem(path) != nil { return .notFound }
    var bytes: [UInt8] = []
    switch nodes[path] {
    case .directory: return .isDirectory
    case .file(let old): bytes = old
    case nil: break
    }
    while bytes.count <= offset { bytes.append(0) }
    bytes[offset] = byte
    nodes[path] = .file(bytes)
    return nil
  }

  private mutating func makeDirectory(_ path: String, _ recursive: Bool) -> UFSError.Code? {
    if let problem = parentProblem(path) {
      guard recursive, problem == .notFound else { return problem }
      if let parent = splitPath(path)?.directory { _ = makeDirectory(parent, true) }
    }
    if case .file = nodes[path] { return .exists }
    nodes[path] = .directory
    return nil
  }

  private mutating func touch(_ path: String) -> UFSError.Code? {
    if let problem = parentProblem(path) { return problem }
    if nodes[path] == nil { nodes[path] = .file([]) }
    return nil
  }

  private mutating func rename(_ from: String, _ to: String, _ replacing: Bool) -> UFSError.Code? {
    if from != to, pathBelow(from, to) != nil { return .invalid }
    if parentProblem(from) != nil || parentProblem(to) != nil { return .notFound }
    guard let node = nodes[from] else { return .notFound }
    if nodes[to] != nil, !replacing { return .exists }
    if from == to { return nil }
    if pathBelow(to, from) != nil { return .notEmpty }
    switch (node, nodes[to]) {
    case (.file, .directory): return .isDirectory
    case (.directory, .file): return .notDirectory
    case (.directory, .directory) where hasChildren(to): return .notEmpty
    default: break
    }
    for (path, value) in nodes {
      guard let below = pathBelow(from, path) else { continue }
      nodes[path] = nil
      nodes[joinPath(to, below)] = value
    }
    return nil
  }

  private mutating func copy(_ from: String, _ to: String, _ replacing: Bool) -> UFSError.Code? {
    if parentProblem(from) != nil { return .notFound }
    guard let node = nodes[from] else { return .notFound }
    guard case .file(let bytes) = node else { return .isDirectory }
    if from == to { return replacing ? .invalid : .exists }
    return create(to, replacing ? .replacing : .exclusive, bytes)
  }

  private mutating func delete(_ path: String, _ recursive: Bool) -> UFSError.Code? {
    if parentProblem(path) != nil || nodes[path] == nil { return .notFound }
    if hasChildren(path), !recursive { return .notEmpty }
    nodes = nodes.filter { pathBelow(path, $0.key) == nil }
    return nil
  }

  private func hasChildren(_ path: String) -> Bool {
    nodes.keys.contains { $0 != path && pathBelow(path, $0) != nil }
  }
}
