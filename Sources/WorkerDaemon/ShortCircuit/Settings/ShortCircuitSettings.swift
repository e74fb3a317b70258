// What the short-circuit server runs with.

import Model

/// Settings of the domain socket and of what its clients may take.
package struct ShortCircuitSettings: Sendable {
  /// The key that says where the socket is.
  static let addressKey = Configuration.StringKey.domainSocketAddress.rawValue

  /// The socket's path, or its directory; empty when there is none.
  package var address: String
  /// Whether the address is a directory in which the socket bears the worker's UUID.
  package var isDirectory: Bool
  /// Permissions of the socket's file.
  package var mode: UInt32
  /// Users and groups that share the memory of pages; without users, root and the worker's own.
  package var sharedUsers: [String]
  package var sharedGroups: [String]
  /// Users and groups that may connect; `*` for all.
  package var allowedUsers: [String]
  package var allowedGroups: [String]
  /// Lease slots that a connection gets when it asks for none, and at most.
  package var leases = 1024
  package var leaseCountMax: Int
  /// Bytes of a connection's window at most.
  package var windowMax: Int
  /// Bytes that all windows may make resident.
  package var windowsMax: Int
  /// Bytes of the store that a connection may lease; 0 for a share of what all may.
  package var leasedMax: Int
  /// How long a lease lives without being renewed, and at most.
  package var term: Duration
  package var holdMax: Duration
  /// Time from WANTED to the lease's end.
  package var grace: Duration
  /// Handles of a connection.
  package var handleCountMax = 1024
  /// Requests of a connection that are answered at once.
  package var requestCountMax = 32
  /// Connections of one user, and of all.
  package var userConnectionCountMax: Int
  package var connectionCountMax: Int
  /// Requests of one user in a second.
  package var userRequestRateMax: Int
  /// Bytes that the clients of a ring may leave in its queues.
  package var queuedBytesMax = 128 << 20
  /// How long a connection may take to say HELLO.
  package var helloTimeout: Duration = .seconds(5)
  /// How long a client may take from a frame's first byte to its last.
  package var frameTimeout: Duration = .seconds(60)
  /// How long a client may take to receive.
  package var sendTimeout: Duration = .seconds(60)

  /// The settings that `configuration` comes to; nil without a domain socket.
  ///
  /// - Throws: `.configuration` for values that do not fit.
  init?(_ configuration: Configuration) throws(StartError) {
    let address = configuration.string(.domainSocketAddress)
    guard !address.isEmpty else { return nil }
    self.address = address
    isDirectory = configuration.boolean(.domainSocketAsUUID)
    let mode = configuration.string(.shortCircuitSocketMode)
    guard let bits = UInt32(mode, radix: 8), bits <= 0o777 else {
      throw StartError(
        .configuration,
        "\(Configuration.StringKey.shortCircuitSocketMode.rawValue) is no mode of three octal digits, such as 660: \(mode)"
      )
    }
    self.mode = bits
    sharedUsers = Self.names(configuration.string(.shortCircuitSharedUsers))
    sharedGroups = Self.names(configuration.string(.shortCircuitSharedGroups))
    allowedUsers = Self.names(configuration.string(.shortCircuitAllowedUsers))
    allowedGroups = Self.names(configuration.string(.shortCircuitAllowedGroups))
    leaseCountMax = configuration.integer(.shortCircuitLeaseCountMax)
    windowMax = Int(clamping: configuration.size(.shortCircuitWindowMax))
    windowsMax = Int(clamping: configuration.size(.shortCircuitWindowsMax))
    leasedMax = Int(clamping: configuration.size(.shortCircuitLeasedMax))
    term = configuration.duration(.shortCircuitTerm)
    holdMax = configuration.duration(.shortCircuitHoldMax)
    grace = configuration.duration(.shortCircuitGrace)
    userConnectionCountMax = configuration.integer(.shortCircuitUserConnectionCountMax)
    connectionCountMax = configuration.integer(.shortCircuitConnectionCountMax)
    userRequestRateMax = configuration.integer(.shortCircuitUserRequestRateMax)
  }

  /// What of `configuration` says something of a domain socket without any effect.
  static func warnings(_ configuration: Configuration) -> [String] {
    guard configuration.string(.domainSocketAddress).isEmpty,
      configuration.boolean(.domainSocketAsUUID)
    else { return [] }
    let key = Configuration.BooleanKey.domainSocketAsUUID.rawValue
    return [
      "\(key) is true, but there is no domain socket: set \(addressKey) to the directory in which it is to be, such as /opt/domain, or remove \(key)"
    ]
  }

  private static func names(_ text: String) -> [String] {
    text.split(separator: ",").map { name in String(name.filter { $0 != " " && $0 != "\t" }) }
      .filter { !$0.isEmpty }
  }
}
