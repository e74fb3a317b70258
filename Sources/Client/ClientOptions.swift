// What a client is told: settings by the names of the site file, or by short names of its own.
//
//   socket=/opt/domain/d          the worker's domain socket itself
//   socket_dir=/opt/domain        the directory in which sockets bear workers' UUIDs
//   workers=h1:28080,h2           coordinator=host:19999          cluster=name
//   ufs_fallback=true             roots=/data=file:///mnt/data
//   conf=/etc/penstock/penstock-site.properties                   alluxio.… as in the site file

import CLinux
import Glibc
import Model

/// A worker's address.
package struct WorkerAddress: Sendable, Hashable {
  /// Host name or address.
  package let host: String
  /// Port of the REST interface.
  package let port: UInt16

  /// An address of its parts.
  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}

/// How a client finds workers and how patient it is.
public struct ClientOptions: Sendable {
  /// The domain socket, or its directory; empty: none.
  package var socketAddress = ""
  /// Whether `socketAddress` is a directory in which sockets bear UUIDs.
  package var socketIsUUID = false
  /// Users whose sockets are believed; nil: anybody's.
  package var workerUsers: Set<UInt32>?
  /// Whether the worker of this host may be read without the network.
  package var isShortCircuitEnabled = true
  /// Workers to choose from.
  package var workers: [WorkerAddress] = []
  /// A coordinator to ask for workers, `host:port`; empty: none.
  package var coordinator = ""
  /// Name of this host, as workers bear it.
  package var hostname = ""
  /// The cluster that is meant; empty: any.
  package var cluster = ""
  /// Port of workers whose address does not say one.
  package var restPort: UInt16 = 28080
  /// Points of each worker on the hash ring.
  package var ringPointCount = 2000
  /// Whether the under file system may be read when no worker answers.
  package var isUFSAllowed = true
  /// Roots of the namespace whose under file system the client can reach itself: Alluxio path to UFS path.
  package var roots: [(path: String, ufsPath: String)] = []
  /// Pauses before trying again, and how long all of it may take, in nanoseconds.
  package var retryBase: UInt64 = 50_000_000
  package var retryLongest: UInt64 = 3_000_000_000
  package var retryBudget: UInt64 = 120_000_000_000
  /// Silence after which the worker is pinged, and how long it has to answer, in nanoseconds.
  package var keepaliveTime: UInt64 = 30_000_000_000
  package var keepaliveTimeout: UInt64 = 30_000_000_000
  /// Whether pages are leased; else bytes of the worker of this host come through its socket.
  package var isLeasing = true
  /// Pages asked for in one request.
  package var leaseBatch = 64
  /// Most pages that are leased at a time.
  package var leaseCountMax = 1024
  /// Bytes of window wanted.
  package var windowSize: UInt64 = 16 << 20
  /// Nanoseconds that a thread looks for its answer before it sleeps; 0 on one CPU.
  package var spin: UInt64 = onlineCPUCount() > 1 ? 50_000 : 0

  /// The defaults.
  public init() {}

  /// The options that `settings`, each `name=value`, come to.
  ///
  /// - Throws: `invalid`, with the setting.
  public init(_ settings: [String]) throws(ClientError) {
    var definitions: [String] = []
    var file: ConfigurationInput.File?
    for setting in settings {
      guard let equals = setting.utf8.firstIndex(of: UInt8(ascii: "=")) else {
        throw ClientError(.invalid, setting, "is no setting", "write name=value")
      }
      let name = String(setting[..<equals])
      let text = String(setting[setting.utf8.index(after: equals)...])
      if name.hasPrefix("alluxio.") || name.hasPrefix("penstock.") {
        definitions.append(setting)
      } else if name == "conf" {
        file = .init(path: text, bytes: try Self.read(text))
      }
    }
    try take(definitions, file)
    for setting in settings { try takeShort(setting) }
    if hostname.isEmpty { hostname = systemHostname() }
  }

  private mutating func take(
    _ definitions: [String], _ file: ConfigurationInput.File?
  ) throws(ClientError) {
    var input = ConfigurationInput()
    input.definitions = definitions
    input.file = file
    input.defaults["alluxio.home"] = "."
    let values: Configuration
    do throws(ConfigurationError) {
      values = try Configuration(input)
    } catch {
      throw ClientError(.invalid, file?.path ?? "settings", "\(error)")
    }
    socketAddress = values.string(.domainSocketAddress)
    socketIsUUID = values.boolean(.domainSocketAsUUID)
    workerUsers = try Self.users(values.string(.clientWorkerUsers))
    isShortCircuitEnabled = Self.text(values, "alluxio.user.short.circuit.enabled") != "false"
    isUFSAllowed = Self.text(values, "alluxio.dora.client.ufs.fallback.enabled") != "false"
    hostname = Self.text(values, "alluxio.user.hostname")
    if values.isSet("alluxio.cluster.name") { cluster = values.string(.clusterName) }
    restPort = values.port(.rest)
    ringPointCount = values.integer(.ringPointCount)
    retryBase = values.nanoseconds(.rpcRetryBase)
    retryLongest = values.nanoseconds(.rpcRetryLongest)
    retryBudget = values.nanoseconds(.rpcRetryBudget)
    keepaliveTime = values.nanoseconds(.clientKeepaliveTime)
    keepaliveTimeout = values.nanoseconds(.clientKeepaliveTimeout)
    if values.isSet("alluxio.coordinator.hostname") {
      coordinator = "\(values.string(.coordinatorHostname)):\(values.port(.coordinatorWeb))"
    }
  }

  private static func text(_ values: Configuration, _ name: String) -> String {
    values.setting(name)?.text ?? ""
  }

  private mutating func takeShort(_ setting: String) throws(ClientError) {
    let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let text = parts.count > 1 ? String(parts[1]) : ""
    switch parts[0] {
    case "socket": (socketAddress, socketIsUUID) = (text, false)
    case "socket_dir": (socketAddress, socketIsUUID) = (text, true)
    case "short_circuit": isShortCircuitEnabled = try Self.truth(setting, text)
    case "workers": workers = try Self.addresses(text, port: restPort)
    case "coordinator": coordinator = text
    case "hostname": hostname = text
    case "cluster": cluster = text
    case "ufs_fallback": isUFSAllowed = try Self.truth(setting, text)
    case "roots": roots = try Self.roots(text)
    case "retry_budget_ms": retryBudget = try Self.number(setting, text, max: 1 << 40) &* 1_000_000
    case "leases_max": leaseCountMax = Int(try Self.number(setting, text, max: 65_536))
    case "leases": isLeasing = try Self.truth(setting, text)
    case "lease_batch": leaseBatch = max(1, Int(try Self.number(setting, text, max: 1024)))
    case "window": windowSize = try Self.number(setting, text, max: 1 << 40)
    case "spin_us": spin = try Self.number(setting, text, max: 1_000_000) &* 1000
    case "conf": break
    default:
      guard parts[0].hasPrefix("alluxio.") || parts[0].hasPrefix("penstock.") else {
        throw ClientError(.invalid, setting, "is no setting of the client")
      }
    }
  }

  /// The numbers of the users in `text`; nil for all.
  private static func users(_ text: String) throws(ClientError) -> Set<UInt32>? {
    let key = Configuration.StringKey.clientWorkerUsers.rawValue
    var numbers: Set<UInt32> = []
    for part in text.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }) {
      let name = String(part)
      if name == "*" { return nil }
      guard let number = UInt32(name) ?? UInt32(exactly: unsafe pen_user_number(name)) else {
        throw ClientError(
          .invalid, "\(key)=\(text)", "there is no user \(name)",
          "correct the name, or give its number")
      }
      numbers.insert(number)
    }
    guard !numbers.isEmpty else {
      throw ClientError(.invalid, key, "names nobody", "name the worker's user, or * for anybody")
    }
    return numbers
  }

  private static func truth(_ setting: String, _ text: String) throws(ClientError) -> Bool {
    switch text.lowercased() {
    case "true", "1", "yes": return true
    case "false", "0", "no": return false
    default: throw ClientError(.invalid, setting, "is neither true nor false")
    }
  }

  private static func number(
    _ setting: String, _ text: String, max: UInt64
  ) throws(ClientError) -> UInt64 {
    guard let size = SizeText.parse(text), size >= 0, size <= max else {
      throw ClientError(.invalid, setting, "is no number from 0 to \(max)")
    }
    return UInt64(size)
  }

  /// `host:port` or `host` of each part of `text`.
  static func addresses(_ text: String, port: UInt16) throws(ClientError) -> [WorkerAddress] {
    var all: [WorkerAddress] = []
    for part in text.split(separator: ",") {
      all.append(try address(String(part.drop { $0 == " " }), port: port))
    }
    return all
  }

  /// `host:port`, `[address]:port` or `host` alone.
  static func address(_ text: String, port: UInt16) throws(ClientError) -> WorkerAddress {
    let bytes = Array(text.utf8)
    let colon = bytes.lastIndex(of: UInt8(ascii: ":"))
    let isBare =
      bytes.filter { $0 == UInt8(ascii: ":") }.count > 1 && bytes.first != UInt8(ascii: "[")
    guard let colon, !isBare, bytes[colon...].contains(UInt8(ascii: "]")) == false else {
      let host = unbracketed(bytes[...])
      guard !host.isEmpty else { throw ClientError(.invalid, text, "names no host") }
      return WorkerAddress(host: host, port: port)
    }
    let host = unbracketed(bytes[..<colon])
    guard !host.isEmpty, let port = UInt16(String(decoding: bytes[(colon + 1)...], as: UTF8.self))
    else { throw ClientError(.invalid, text, "is no host:port") }
    return WorkerAddress(host: host, port: port)
  }

  private static func unbracketed(_ bytes: ArraySlice<UInt8>) -> String {
    var bytes = bytes
    if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") {
      bytes = bytes.dropFirst().dropLast()
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func roots(_ text: String) throws(ClientError) -> [(path: String, ufsPath: String)]
  {
    var all: [(path: String, ufsPath: String)] = []
    for part in text.split(separator: ",") {
      let ends = part.split(separator: "=", maxSplits: 1)
      guard ends.count == 2, ends[0].hasPrefix("/") else {
        throw ClientError(.invalid, String(part), "is no root", "write /path=file:///folder")
      }
      all.append((withoutSlash(String(ends[0])), withoutSlash(String(ends[1]))))
    }
    return all
  }

  private static func withoutSlash(_ text: String) -> String {
    text.utf8.count > 1 && text.utf8.last == UInt8(ascii: "/") ? String(text.dropLast()) : text
  }

  private static func read(_ path: String) throws(ClientError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ClientError(.invalid, path, systemText(errno)) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= 16 << 20 {
      let count = unsafe Glibc.read(descriptor, &room, room.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw ClientError(.invalid, path, systemText(errno)) }
      if count == 0 { return bytes }
      bytes += room[..<count]
    }
    throw ClientError(.invalid, path, "is larger than 16 MiB")
  }
}
