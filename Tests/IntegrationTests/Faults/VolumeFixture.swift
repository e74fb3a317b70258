// A daemon with little memory and one volume on a disk that can be broken.

import DaemonDriver
import Testing

/// Files behind a daemon whose memory holds a third of them and whose volume holds all.
final class VolumeFixture: Sendable {
  static let fileCount = 6
  static let fileSize = 4 << 20
  /// Bytes of the volume: more than the files.
  static let quota = 32 << 20

  let fixture: Fixture
  /// The volume's directory.
  let directory: String
  private let contents: [[UInt8]]

  var daemon: DaemonProcess { fixture.daemon }

  /// Starts the daemon with its volume in `directory`.
  init(_ directory: String, options: [String] = []) throws {
    self.directory = directory
    let contents = (0..<Self.fileCount).map { patterned(Self.fileSize, seed: $0 + 1) }
    self.contents = contents
    fixture = try Fixture(options: options, memory: Self.settings(directory)) { folder in
      for (index, content) in contents.enumerated() {
        try writeBytes(content, to: "\(folder)/\(index)")
        try setTime(of: "\(folder)/\(index)", secondsAgo: 100)
      }
    }
  }

  /// One volume, a landing zone of 8 MiB, pages of 256 KiB, and a probation that tests can wait for.
  static func settings(_ directory: String, quota: Int = quota) -> [String] {
    [
      "-Dalluxio.worker.page.store.dirs=\(directory)",
      "-Dalluxio.worker.page.store.sizes=\(quota)",
      "-Dalluxio.worker.page.store.page.size=256KB",
      "-Dpenstock.worker.page.store.landing.size=8MB",
      "-Dpenstock.worker.page.store.scrub.bandwidth=0",
      "-Dpenstock.worker.page.store.volume.probation=2s",
    ]
  }

  /// A second daemon over the same files and the same volume, when the first one has ended.
  ///
  /// Without `isWhole` it need not have the volume to be started.
  func successor(options: [String] = [], isWhole: Bool = true) throws -> DaemonProcess {
    try DaemonProcess(
      Binaries.penstockd, ports: try .free(),
      options: ["--mount", "/data=file://\(fixture.folder)"] + Self.settings(directory) + options,
      isWhole: isWhole)
  }

  /// Writes a new small file, old enough to be cached.
  func writeNewFile(_ name: String) throws {
    try writeBytes(patterned(4096, seed: name.utf8.count), to: "\(fixture.folder)/\(name)")
    try setTime(of: "\(fixture.folder)/\(name)", secondsAgo: 100)
  }

  /// Whether `daemon` gives what `writeNewFile` wrote.
  func readsNewFile(_ name: String, from daemon: DaemonProcess) throws -> Bool {
    let response = try HTTPConnection(port: daemon.ports.object).request("GET", "/data/\(name)")
    return identical(response.body, patterned(4096, seed: name.utf8.count))
  }

  /// Reads every file, from `daemon` or the fixture's own, and compares it with what was written.
  func expectAllRight(
    from daemon: DaemonProcess? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let connection = try HTTPConnection(port: (daemon ?? self.daemon).ports.object)
    for (index, content) in contents.enumerated() {
      let response = try connection.request("GET", "/data/\(index)")
      #expect(response.status == 200, sourceLocation: sourceLocation)
      #expect(identical(response.body, content), "file \(index)", sourceLocation: sourceLocation)
    }
  }

  /// Reads every file until the volume has them all.
  ///
  /// Once is not enough: what finds memory full of pages that wait for the disk is passed through.
  func fillVolume(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let wanted = Double(Self.fileCount * Self.fileSize)
    let isThere = try eventually(.seconds(60)) {
      try expectAllRight(sourceLocation: sourceLocation)
      return try volume("used_bytes") >= wanted && daemon.metric("penstock_unsaved_pages") == 0
    }
    let used = try volume("used_bytes")
    #expect(isThere, "\(used) bytes used", sourceLocation: sourceLocation)
  }

  /// Writes a new file and reads it again and again until `isDone`: new bytes need new pages, and those a write, once the
  /// file is old enough to be cached.
  func readNewFile(
    _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
    until isDone: () throws -> Bool
  ) throws {
    let bytes = patterned(4 << 20, seed: 100 + name.utf8.count)
    try writeBytes(bytes, to: "\(fixture.folder)/\(name)")
    try setTime(of: "\(fixture.folder)/\(name)", secondsAgo: 100)
    let connection = try fixture.objects()
    let isThere = try eventually(.seconds(60)) {
      let response = try connection.request("GET", "/data/\(name)")
      #expect(identical(response.body, bytes), sourceLocation: sourceLocation)
      return try isDone()
    }
    #expect(isThere, "\(daemon.logText)", sourceLocation: sourceLocation)
  }

  /// A metric of the volume; 0 when it is not there.
  func volume(_ name: String, _ label: String = "") throws -> Double {
    try daemon.metric("penstock_volume_\(name)", "volume=\"\(directory)\"", label) ?? 0
  }

  /// Waits until the volume's state is `state`: 0 HEALTHY, 1 DEGRADED, 2 FAULTED.
  func waitFor(state: Double, _ limit: Duration = .seconds(30)) throws -> Bool {
    try eventually(limit) { try volume("state") == state }
  }

  /// Whether the daemon logs `text` before long.
  func logs(_ text: String) -> Bool { eventually { daemon.logText.contains(text) } }

  /// What /readyz of `daemon`, or of the fixture's own, says.
  func readiness(of daemon: DaemonProcess? = nil) throws -> (status: Int, text: String) {
    let port = (daemon ?? self.daemon).ports.web
    let response = try HTTPConnection(port: port).request("GET", "/readyz")
    return (response.status, response.text)
  }
}
