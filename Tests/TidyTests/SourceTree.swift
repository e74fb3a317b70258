// The repository's own files, as the tidy checks see them. What git ignores is not there.

import DaemonDriver
import Foundation

/// One text file of the repository.
struct SourceFile: Sendable {
  /// Path from the repository's root, such as `Sources/Ring/Reactor.swift`.
  let path: String
  /// The whole text.
  let text: String
  /// The text with comments and string literals blanked out; line breaks stay where they were.
  let code: String

  /// A file of the given text; Swift's lexical rules apply to `.swift` files only.
  init(path: String, text: String) {
    self.path = path
    self.text = text
    self.code = path.hasSuffix(".swift") ? blankingCommentsAndStrings(text) : text
  }

  /// The lines of the text, without their line breaks.
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// The lines of the code, one for each line of the text.
  var codeLines: [Substring] { code.split(separator: "\n", omittingEmptySubsequences: false) }

  /// The module the file belongs to: the folder's name below `Sources`, `Tests` or `Benchmarks`.
  var module: String? {
    let parts = path.split(separator: "/")
    guard parts.count >= 3, ["Sources", "Tests", "Benchmarks"].contains(parts[0]) else {
      return nil
    }
    return String(parts[1])
  }

  /// Whether the file is Swift source of the product, written by us.
  var isProduct: Bool {
    path.hasPrefix("Sources/") && path.hasSuffix(".swift") && !isGenerated
  }

  /// Whether a program wrote the file.
  var isGenerated: Bool { path.hasSuffix(".pb.swift") }
}

/// One broken rule at one place.
struct Finding: CustomStringConvertible, Equatable {
  let path: String
  /// 1-based line; 0 when the whole file is meant.
  let line: Int
  let message: String

  var description: String { "\(path):\(line): \(message)" }
}

/// The files of the repository this test was built from.
enum SourceTree {
  /// The repository's root.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Paths of the tracked and the new, not ignored files.
  static let paths: [String] = (try? list(["--cached", "--others", "--exclude-standard"])) ?? []

  /// The text files among them.
  static let files: [SourceFile] = paths.compactMap { path in
    guard let data = try? Data(contentsOf: root.appending(path: path)),
      let text = String(data: data, encoding: .utf8)
    else { return nil }
    return SourceFile(path: path, text: text)
  }

  /// The Swift files of the repository, tests and benches too.
  static var swift: [SourceFile] { files.filter { $0.path.hasSuffix(".swift") } }

  /// Bytes of a file, or nil when it is not there.
  static func size(of path: String) -> Int? {
    let attributes = try? FileManager.default.attributesOfItem(
      atPath: root.appending(path: path).path)
    return attributes?[.size] as? Int
  }

  /// What `git ls-files` prints with `options`, less the paths that are no longer there.
  static func list(_ options: [String]) throws -> [String] {
    // Not through a pipe: servers that other tests start at this moment would inherit its end, and hold it open.
    let git = try CommandRun(["git", "-C", root.path, "ls-files", "-z"] + options)
    return git.output.split(separator: "\0").map(String.init)
      .filter { FileManager.default.fileExists(atPath: root.appending(path: $0).path) }
  }
}
