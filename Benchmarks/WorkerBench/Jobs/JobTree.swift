// Many small files in directories of a thousand, each of which tells its number.

import DaemonDriver
import Glibc
import Synchronization

/// A tree of files that goes away with this.
final class JobTree: Sendable {
  /// Bytes of a file.
  static let size = 1024
  private static let perDirectory = 1000

  /// Files in the tree.
  let count: Int
  private let scratch: ScratchDirectory

  /// Makes `count` files below `parent`, by two threads.
  init(count: Int, in parent: String) throws(DriverError) {
    self.count = count
    scratch = try ScratchDirectory("tree", in: parent)
    let directories = (count + Self.perDirectory - 1) / Self.perDirectory
    let root = scratch.path
    let maker = Maker(root: root, count: count, directories: directories)
    let threads = Threads(count: 2) { number in maker.make(number, of: 2) }
    while threads.areRunning(for: .seconds(1)) {}
    let failure = maker.failure
    guard failure == 0 else { throw .system(operation: "write", errno: failure) }
  }

  /// The folder.
  var path: String { scratch.path }

  /// Path of a file below the folder.
  static func name(_ index: Int) -> String { "d\(padded(index / perDirectory))/f\(padded(index))" }

  /// The bytes of a file: its number, then a pattern.
  static func bytes(_ index: Int) -> [UInt8] {
    var bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 131 ^ $0 >> 8) }
    for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: index >> (8 * place)) }
    return bytes
  }

  private static func padded(_ number: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, 7 - digits.utf8.count)) + digits
  }

  /// What the threads share.
  private final class Maker: Sendable {
    private let root: String
    private let count: Int
    private let directories: Int
    private let problem = Atomic<Int32>(0)

    init(root: String, count: Int, directories: Int) {
      self.root = root
      self.count = count
      self.directories = directories
    }

    /// Why files could not be made; 0 when all were.
    var failure: Int32 { problem.load(ordering: .acquiring) }

    /// Makes every `step`th directory from number `first` on.
    func make(_ first: Int, of step: Int) {
      var bytes = JobTree.bytes(0)
      for directory in stride(from: first, to: directories, by: step) where failure == 0 {
        let files = directory * perDirectory..<min(count, (directory + 1) * perDirectory)
        guard unsafe mkdir("\(root)/d\(padded(directory))", 0o755) == 0 else { return fail() }
        for index in files {
          for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: index >> (8 * place)) }
          let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
          let file = unsafe open("\(root)/\(JobTree.name(index))", flags, 0o644)
          guard file >= 0 else { return fail() }
          let written = unsafe write(file, bytes, bytes.count)
          close(file)
          guard written == bytes.count else { return fail() }
        }
      }
    }

    private func fail() { problem.store(errno == 0 ? EIO : errno, ordering: .releasing) }
  }
}
