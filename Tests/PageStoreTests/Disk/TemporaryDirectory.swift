// A directory of a test's own, gone with the test.

import Glibc

/// A fresh directory below /tmp.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/penstock-volume-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
    precondition(made != nil, "a temporary directory is made")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { run("rm", "-rf", path) }

  /// Runs a command of the system; true when it ends with 0.
  @discardableResult
  func run(_ words: String...) -> Bool {
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { arguments.forEach { free($0) } }
    var child = pid_t()
    guard let name = arguments[0],
      posix_spawnp(&child, name, nil, nil, &arguments, environ) == 0
    else {
      return false
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status == 0
  }

  /// Replaces bytes of a file.
  func overwrite(_ name: String, at offset: Int, _ bytes: [UInt8]) {
    let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT, 0o600)
    precondition(descriptor >= 0, "a file is opened")
    defer { close(descriptor) }
    let count = bytes.withUnsafeBytes {
      pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset))
    }
    precondition(count == bytes.count, "bytes are written")
  }

  /// The size of a file; nil when it is not there.
  func size(_ name: String) -> Int? {
    let descriptor = open("\(path)/\(name)", O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return Int(lseek(descriptor, 0, SEEK_END))
  }

  /// Names in a directory, sorted.
  func names(_ name: String) -> [String] {
    guard let directory = opendir("\(path)/\(name)") else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
