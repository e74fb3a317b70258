// Scratch folders and whole small files.

import Glibc

/// A folder of its own below TMPDIR, removed with everything in it when this goes away.
package final class ScratchDirectory: Sendable {
  /// The folder's absolute path.
  package let path: String

  /// Makes an empty folder whose name holds `purpose`, below `parent` (TMPDIR or /tmp when nil).
  package init(_ purpose: String, in parent: String? = nil) throws(DriverError) {
    let base = unsafe parent ?? getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/penstock-\(purpose)-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw DriverError.last("mkdtemp") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { removeTree(path) }

  /// The path of `name` inside the folder.
  package func path(_ name: String) -> String { "\(path)/\(name)" }
}

/// The bytes of the file at `path`, which may be one of /proc.
package func readBytes(_ path: String) throws(DriverError) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw DriverError.last("open") }
  defer { close(descriptor) }
  var all: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(descriptor, &part, part.count)
    guard count >= 0 else { throw DriverError.last("read") }
    if count == 0 { return all }
    all += part[..<count]
  }
}

/// The text of the file at `path`; bytes that are not UTF-8 are replaced.
package func readText(_ path: String) throws(DriverError) -> String {
  String(decoding: try readBytes(path), as: UTF8.self)
}

/// Writes the file at `path` anew.
package func writeBytes(_ bytes: [UInt8], to path: String) throws(DriverError) {
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw DriverError.last("open") }
  defer { close(descriptor) }
  var written = 0
  while written < bytes.count {
    let count = unsafe bytes[written...].withUnsafeBytes { part in
      unsafe write(descriptor, part.baseAddress, part.count)
    }
    guard count > 0 else { throw DriverError.last("write") }
    written += count
  }
}

/// Makes the folder at `path` and those above it.
package func makeDirectories(_ path: String) throws(DriverError) {
  var prefix = path.hasPrefix("/") ? "" : "."
  for part in path.split(separator: "/") {
    prefix += "/\(part)"
    guard unsafe mkdir(prefix, 0o755) == 0 || errno == EEXIST else {
      throw DriverError.last("mkdir")
    }
  }
}

/// Removes the file or folder at `path` and everything below it; what is not there is no matter.
package func removeTree(_ path: String) {
  for name in names(in: path) { removeTree("\(path)/\(name)") }
  _ = unsafe remove(path)
}

/// The names in the folder at `path`, sorted; none when it is not a folder.
///
/// Links are not followed.
package func names(in path: String) -> [String] {
  let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
  guard descriptor >= 0, let folder = unsafe fdopendir(descriptor) else { return [] }
  defer { unsafe closedir(folder) }
  var names: [String] = []
  while let entry = unsafe readdir(folder) {
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}
