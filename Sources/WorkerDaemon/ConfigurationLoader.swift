// Collects the sources of a configuration: finds and reads the site file, reads the environment.
//
//   --conf DIR  >  -Dalluxio.conf.dir  >  ALLUXIO_CONF_DIR  >  ${alluxio.home}/conf  >  ./conf
//   penstock-site.properties, else alluxio-site.properties
//
// The parsing is `Configuration`'s, which does no I/O.

import Glibc
package import Model

/// Loads the configuration of a process; `load` may be called again to see what changed.
package struct ConfigurationLoader: Sendable {
  /// A configuration and what the operator should know about its sources.
  package struct Loaded: Sendable {
    /// The effective values.
    package let configuration: Configuration
    /// What is odd, to be logged once.
    package let warnings: [ConfigurationWarning]
    /// The site file that was read, or nil when there is none.
    package let sitePath: String?
  }

  /// Names of the site file, the preferred one first.
  private static let siteNames = ["penstock-site.properties", "alluxio-site.properties"]
  /// Largest file read: a site file has kilobytes.
  private static let fileSizeMax = 16 << 20

  /// The argument of `--conf`.
  private let confDirectory: String?
  /// The arguments of `-D`.
  private let definitions: [String]
  /// The environment; nil reads the process's own.
  private let environment: [ConfigurationInput.Variable]?

  /// A loader for a command line.
  ///
  /// - Parameters:
  ///   - confDirectory: the argument of `--conf`, if given.
  ///   - definitions: the arguments of `-D`, each `key=value`.
  ///   - environment: variables to use in place of the process's own.
  package init(
    confDirectory: String? = nil, definitions: [String] = [],
    environment: [ConfigurationInput.Variable]? = nil
  ) {
    self.confDirectory = confDirectory
    self.definitions = definitions
    self.environment = environment
  }

  /// `arguments` with each `-Dkey=value` taken apart into `-D` and `key=value`.
  ///
  /// The argument parser reads `-Dkey=value` as the option `-Dkey`. Nothing after `--` is changed.
  package static func separatingDefinitions(_ arguments: some Sequence<String>) -> [String] {
    var out: [String] = []
    var isOptional = true
    for argument in arguments {
      isOptional = isOptional && argument != "--"
      if isOptional, argument.hasPrefix("-D"), argument.utf8.count > 2 {
        out += ["-D", String(argument.dropFirst(2))]
      } else {
        out.append(argument)
      }
    }
    return out
  }

  /// Reads all sources; blocks on the file system.
  ///
  /// - Returns: the effective configuration.
  /// - Throws: every problem, an unreadable site file or a missing `--conf` directory among them.
  package func load() throws(ConfigurationError) -> Loaded {
    var input = ConfigurationInput()
    input.definitions = definitions
    if let environment {
      input.environment = environment
    } else {
      input.environment = try Self.processEnvironment()
    }
    input.defaults["alluxio.home"] = Self.workingDirectory()
    let directory = try findDirectory(&input)
    let (file, warnings) = try Self.siteFile(in: directory)
    input.file = file
    let configuration = try Configuration(input)
    return Loaded(
      configuration: configuration, warnings: warnings + configuration.warnings,
      sitePath: file?.path)
  }

  /// The directory of the site file; `input` learns it, so that `alluxio.conf.dir` tells the truth.
  private func findDirectory(
    _ input: inout ConfigurationInput
  ) throws(ConfigurationError) -> String {
    if let confDirectory {
      guard Self.isDirectory(confDirectory) else {
        throw ConfigurationError([
          .unreadable(path: confDirectory, reason: "--conf names no directory")
        ])
      }
      input.definitions.removeAll { $0.hasPrefix("alluxio.conf.dir=") }
      input.definitions.append("alluxio.conf.dir=\(confDirectory)")
      return confDirectory
    }
    let home = input.earlyText(of: "alluxio.home") ?? input.defaults["alluxio.home"] ?? "."
    if let named = input.earlyText(of: "alluxio.conf.dir") {
      return named.replacing("${alluxio.home}", with: home)
        .replacing("${ALLUXIO_HOME}", with: home)
    }
    let found = ["\(home)/conf", "conf"].first(where: Self.isDirectory) ?? "\(home)/conf"
    input.defaults["alluxio.conf.dir"] = found
    return found
  }

  /// The site file in `directory`, and a warning when there are two.
  private static func siteFile(
    in directory: String
  ) throws(ConfigurationError) -> (ConfigurationInput.File?, [ConfigurationWarning]) {
    var files: [ConfigurationInput.File] = []
    for name in siteNames {
      let path = "\(directory)/\(name)"
      if let bytes = try read(path) { files.append(.init(path: path, bytes: bytes)) }
    }
    guard files.count > 1 else { return (files.first, []) }
    return (files[0], [.twoSiteFiles(used: files[0].path, ignored: files[1].path)])
  }

  /// The variables of the process as it was started.
  private static func processEnvironment()
    throws(ConfigurationError) -> [ConfigurationInput.Variable]
  {
    let bytes = try read("/proc/self/environ") ?? []
    return bytes.split(separator: 0).compactMap { variable in
      guard let equals = variable.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      return .init(
        String(decoding: variable[..<equals], as: UTF8.self),
        String(decoding: variable[(equals + 1)...], as: UTF8.self))
    }
  }

  /// The directory the process was started in.
  private static func workingDirectory() -> String {
    // SAFETY: getcwd allocates the text when it is given no room, and free takes it back.
    guard let text = unsafe getcwd(nil, 0) else { return "." }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }

  private static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    // SAFETY: both pointers live for the call.
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The bytes of the file at `path`, or nil when there is none.
  private static func read(_ path: String) throws(ConfigurationError) -> [UInt8]? {
    // A named pipe must not hold up the start.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw unreadable(path, reason: errorText(errno))
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= fileSizeMax {
      // SAFETY: the buffer is as long as the read is told.
      let count = unsafe room.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(path, reason: errorText(errno)) }
      guard count > 0 else { return bytes }
      bytes += room[..<count]
    }
    throw unreadable(path, reason: "larger than 16 MiB")
  }

  private static func unreadable(_ path: String, reason: String) -> ConfigurationError {
    ConfigurationError([.unreadable(path: path, reason: reason)])
  }

  private static func errorText(_ code: Int32) -> String {
    // SAFETY: strerror never returns nil; its text is copied at once.
    unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
  }
}
