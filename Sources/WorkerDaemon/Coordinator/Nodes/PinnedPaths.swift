// Paths that are pinned on every worker: kept in a file, and told to workers in the answers to their heartbeats.
//
//   penstock cache pin /a --coordinator ─▶ pins.json ─▶ revision ─▶ heartbeat's answer ─▶ each worker's own rules

import Glibc
import Model
import Ring
import Synchronization

/// The pinned paths of a coordinator; callable from any thread, and changed by threads that may block.
final class PinnedPaths: Sendable {
  /// Why a change is refused.
  enum Refusal: Error, Equatable {
    /// The path is pinned already.
    case exists
    /// The path is not pinned.
    case missing
    /// There are too many.
    case full
    /// The file cannot be written.
    case unwritable(String)
  }

  /// Pinned paths at most: a heartbeat's answer carries all of them.
  static let countMax = 10_000
  /// Largest file that is read.
  private static let sizeMax = 64 << 20

  private struct State {
    var paths: Set<RulePath> = []
    var revision: UInt64 = 0
    var listener: (@Sendable ([String], UInt64) -> Void)?
  }

  private let file: String
  private let state: Mutex<State>
  /// Held by whoever changes the paths, for as long as the disk takes: heartbeats read the state meanwhile.
  private let changing = Lock()

  /// The paths that `file` keeps, none when it is not there; blocks.
  ///
  /// - Throws: `.directory` for a file that cannot be read or makes no sense: workers would unpin what it names.
  init(file: String) throws(StartError) {
    self.file = file
    var paths: Set<RulePath> = []
    switch FileBytes.read(file, max: Self.sizeMax) {
    case .missing: break
    case .failed(let number):
      throw StartError(.directory, "the pinned paths \(file): \(errnoText(number))")
    case .read(let bytes):
      guard let read = Self.decode(bytes) else {
        throw StartError(
          .directory,
          "the pinned paths \(file) make no sense: correct the file, or remove it to pin nothing")
      }
      paths = read
    }
    state = Mutex(State(paths: paths, revision: Self.revision(of: paths)))
  }

  /// The paths by their bytes, and a number that is another one for other paths: 0 without any.
  var all: (paths: [String], revision: UInt64) {
    state.withLock { (Self.texts($0.paths), $0.revision) }
  }

  /// The number of the paths as they are.
  var revision: UInt64 { state.withLock { $0.revision } }

  /// Calls `listener` now and after each change, in order.
  func listen(_ listener: @escaping @Sendable ([String], UInt64) -> Void) {
    changing.withLock {
      state.withLock { $0.listener = listener }
      tell(listener)
    }
  }

  /// Pins a path; blocks for the disk.
  ///
  /// - Throws: `.exists`, `.full`, `.unwritable`.
  func pin(_ path: RulePath) throws(Refusal) {
    try change { paths throws(Refusal) in
      guard !paths.contains(path) else { throw .exists }
      guard paths.count < Self.countMax else { throw .full }
      paths.insert(path)
    }
  }

  /// Unpins a path; blocks for the disk.
  ///
  /// - Throws: `.missing`, `.unwritable`.
  func unpin(_ path: RulePath) throws(Refusal) {
    try change { paths throws(Refusal) in
      guard paths.remove(path) != nil else { throw .missing }
    }
  }

  private func change(
    _ body: (inout Set<RulePath>) throws(Refusal) -> Void
  ) throws(Refusal) {
    try changing.withLock { () throws(Refusal) in
      var paths = state.withLock { $0.paths }
      try body(&paths)
      if let number = FileBytes.replace(file, with: Self.encode(paths)) {
        throw .unwritable("\(file): \(errnoText(number))")
      }
      let listener = state.withLock { state in
        (state.paths, state.revision) = (paths, Self.revision(of: paths))
        return state.listener
      }
      if let listener { tell(listener) }
    }
  }

  /// Tells the paths as they are; by whoever is changing them.
  private func tell(_ listener: @Sendable ([String], UInt64) -> Void) {
    let (paths, revision) = all
    listener(paths, revision)
  }

  private static func texts(_ paths: Set<RulePath>) -> [String] {
    paths.sorted().map { "\($0)" }
  }

  private static func encode(_ paths: Set<RulePath>) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("version", 1)
      writer.name("paths")
      writer.array { for text in texts(paths) { $0.string(text) } }
    }
  }

  private static func decode(_ bytes: [UInt8]) -> Set<RulePath>? {
    guard let value = try? JSONReader.parse(bytes), value["version"]?.integer == 1,
      let elements = value["paths"]?.elements
    else { return nil }
    var paths: Set<RulePath> = []
    for element in elements {
      guard let text = element.text, text.utf8.first == UInt8(ascii: "/") else { return nil }
      paths.insert(RulePath(text))
    }
    return paths
  }

  /// FNV-1a of the paths in order, and never 0 for some.
  private static func revision(of paths: Set<RulePath>) -> UInt64 {
    guard !paths.isEmpty else { return 0 }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for text in texts(paths) {
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = hash &* 0x100_0000_01B3
    }
    return hash | 1
  }
}
