// Options of an `http://` or `https://` mount.

import Glibc
package import HTTPWire
import Model

extension HTTPUFS {
  /// How a web server is asked.
  ///
  /// Key | Accepted | Default | Meaning
  /// --- | --- | --- | ---
  /// `authorization.file` | path | – | file whose first line is the value of `Authorization`, for the mount's own server only
  /// `ca.file`, `ca.path` | path | the system's | authorities to trust, PEM file or hashed folder
  /// `client.certificate`, `client.key` | path | – | our certificate with its chain and its key, PEM
  /// `verify` | `true`, `false` | `true` | check the server's certificate and name
  /// `redirects` | 0 … 20 | 5 | redirects followed; never from https to http
  /// `connect.timeout` | duration | 5s | to connect to one address
  /// `request.timeout` | duration | 60s | to the head of a reply, and for each 4 MiB of its body
  /// `stall.timeout` | duration | 30s | without a byte
  /// `connections` | 1 … 4096 | 64 | connections per ring
  /// `proxy` | host:port | – | who passes requests on
  /// `penstock.worker.ufs.*` | | | see flow control
  package struct Options: Sendable {
    /// The value of `Authorization`; a credential.
    var authorization: String?
    /// How TLS is spoken.
    package var tls = TLSOptions()
    /// Redirects followed.
    package var redirectCountMax = 5
    /// Longest wait for one address to take a connection.
    package var connectTimeout: Duration?
    /// Longest wait for a head, and for a piece of a body.
    package var requestTimeout = Duration.seconds(60)
    /// Longest wait without a byte.
    package var stallTimeout: Duration?
    /// Connections per ring.
    package var connectionCountMax: Int?
    /// Who passes requests on.
    package var proxy: HTTPProxy?

    /// Options with defaults.
    package init() {}

    /// The keys known here.
    private static let keys = [
      "authorization.file", "ca.file", "ca.path", "client.certificate", "client.key",
      "connect.timeout", "connections", "proxy", "redirects", "request.timeout", "stall.timeout",
      "verify",
    ]

    /// The options of a mount as a user wrote them; `others` are read elsewhere.
    ///
    /// Reads the files named.
    ///
    /// - Throws: `.unknownOption`, `.badOption`.
    package init(
      parsing options: [String: String], others: [String] = [], mount: String
    ) throws(MountError) {
      // In order, so that of several mistakes the same one is named each time.
      for (key, value) in options.sorted(by: { $0.key < $1.key }) {
        guard Self.keys.contains(key) else {
          if others.contains(key) { continue }
          throw MountError(.unknownOption(key, known: Self.keys + others), mount: mount)
        }
        if let accepted = take(key, value) {
          throw MountError(.badOption(key, value: value, accepted: accepted), mount: mount)
        }
      }
      guard tls != TLSOptions(), let problem = tls.problem else { return }
      throw MountError(
        .badOption(
          "ca.file, ca.path, client.certificate, client.key", value: problem,
          accepted: "PEM files that can be read"), mount: mount)
    }

    /// Takes one option; when its value cannot be, returns what could.
    private mutating func take(_ key: String, _ value: String) -> String? {
      switch key {
      case "authorization.file":
        guard let line = Self.firstLine(of: value) else {
          return "a readable file whose first line is a value such as 'Bearer …'"
        }
        authorization = line
      case "ca.file": tls.caFile = value
      case "ca.path": tls.caPath = value
      case "client.certificate": tls.clientCertificate = value
      case "client.key": tls.clientKey = value
      case "verify":
        guard value == "true" || value == "false" else { return "true or false" }
        tls.verifies = value == "true"
      case "redirects":
        guard let count = Int(value), (0...20).contains(count) else {
          return "a number from 0 to 20"
        }
        redirectCountMax = count
      case "connections":
        guard let count = Int(value), (1...4096).contains(count) else {
          return "a number from 1 to 4096"
        }
        connectionCountMax = count
      case "proxy":
        guard let origin = HTTPOrigin(isSecure: false, authority: value) else {
          return "host:port"
        }
        proxy = HTTPProxy(host: origin.host, port: origin.port)
      default: return takeDuration(key, value)
      }
      return nil
    }

    private mutating func takeDuration(_ key: String, _ value: String) -> String? {
      guard let duration = DurationText.parse(value), duration > .zero else {
        return "a duration such as 30s"
      }
      switch key {
      case "connect.timeout": connectTimeout = duration
      case "request.timeout": requestTimeout = duration
      default: stallTimeout = duration
      }
      return nil
    }

    /// The client of a mount with these options; `shared` when they ask for nothing special.
    func client(_ shared: HTTPClient) -> HTTPClient {
      let isPlain =
        tls == TLSOptions() && connectTimeout == nil && stallTimeout == nil
        && connectionCountMax == nil && proxy == nil
      if isPlain { return shared }
      var options = shared.options
      options.tls = tls
      if let connectTimeout { options.connectTimeout = connectTimeout }
      if let stallTimeout { options.stallTimeout = stallTimeout }
      if let connectionCountMax { options.connectionsPerOrigin = connectionCountMax }
      if let proxy { options.proxy = proxy }
      return shared.with(options)
    }

    /// The first line of a small file; nil when it cannot be read or could not stand in a header line.
    private static func firstLine(of path: String) -> String? {
      let fd = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
      guard fd >= 0 else { return nil }
      defer { Glibc.close(fd) }
      var bytes = [UInt8](repeating: 0, count: 16 << 10)
      let count = unsafe Glibc.read(fd, &bytes, bytes.count)
      guard count > 0, count < bytes.count else { return nil }
      let line = bytes[..<count].prefix { $0 != 0x0A && $0 != 0x0D }
      guard !line.isEmpty, line.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return nil }
      return String(decoding: line, as: UTF8.self)
    }
  }
}
