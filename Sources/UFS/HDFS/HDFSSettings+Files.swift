// Hadoop's configuration files: <configuration><property><name>…</name><value>…</value></property>…</configuration>

import Glibc

extension HDFSSettings {
  /// The largest file taken.
  private static let sizeMax = 4 << 20

  /// Adds the properties of files, their paths between colons; a later file wins.
  ///
  /// Blocks. A file that is missing counts only when `mustExist`.
  ///
  /// - Throws: `.unreadable`; `.badHadoopSetting` for what is no configuration.
  mutating func read(_ paths: String, mustExist: Bool, mount: String) throws(MountError) {
    for part in paths.utf8.split(separator: UInt8(ascii: ":")) {
      let path = String(Substring(part))
      let bytes: [UInt8]
      switch Self.contents(path) {
      case .success(let found): bytes = found
      case .failure(let error) where error.number == ENOENT && !mustExist: continue
      case .failure(let error):
        throw MountError(.unreadable(path, errno: error.number), mount: mount)
      }
      do throws(XMLProblem) { try parse(bytes) } catch {
        throw MountError(
          .badHadoopSetting("\(path) is no Hadoop configuration: \(error)"), mount: mount)
      }
    }
  }

  /// Adds the properties of a file's text.
  mutating func parse(_ bytes: [UInt8]) throws(XMLProblem) {
    var xml = XMLReader(bytes)
    guard isSameText(try xml.root(), "configuration") else { throw .unexpected }
    while let element = try xml.child() {
      guard isSameText(element, "property") else {
        try xml.skip()
        continue
      }
      var (name, value): (String?, String?) = (nil, nil)
      while let part = try xml.child() {
        switch part {
        case "name": name = try xml.text()
        case "value": value = try xml.text()
        default: try xml.skip()
        }
      }
      if let name, let value { set(name, value) }
    }
    try xml.end()
  }

  private static func contents(_ path: String) -> Result<[UInt8], Errno> {
    let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return .failure(Errno(errno)) }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while bytes.count <= sizeMax {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe Glibc.read(fd, $0.baseAddress, $0.count)
      }
      if count < 0 { return .failure(Errno(errno)) }
      if count == 0 { return .success(bytes) }
      bytes += buffer[..<count]
    }
    return .failure(Errno(EFBIG))
  }
}
