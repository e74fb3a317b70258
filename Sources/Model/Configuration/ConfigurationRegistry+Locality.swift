// Keys of tiered locality and short circuit.

extension ConfigurationRegistry {
  /// Which worker is near, and how a client on the same host reads.
  static let localityKeys = placeKeys + shortCircuitKeys

  /// Where this host is.
  private static let placeKeys = rows(
    .locality,
    [
      .init(
        "alluxio.locality.order", .list, "node,rack",
        "The locality tiers, most specific first."),
      .init(
        "alluxio.locality.script", .path, "${ALLUXIO_HOME}/conf/tiered_identity.sh",
        "Executable that prints tier=value,… for this host; absent: not used."
      ),
      .init(
        "alluxio.locality.compare.node.ip", .boolean, "false",
        "Compares nodes by address when their names differ."),
      .init(
        "alluxio.locality.{tier}.strict", .boolean, "false",
        "Never leaves this host's value of the tier."),
      .init("alluxio.locality.{tier}", .string, nil, "This host's value of the tier."),
      .init(
        "alluxio.user.short.circuit.enabled", .boolean, "true",
        "Lets a client on the same host read without the network."),
      .init(
        "alluxio.user.short.circuit.preferred", .boolean, "false",
        "Prefers the shared directories to the domain socket."),
      .init(
        "penstock.user.short.circuit.worker.users", .string, "*",
        "Users, by name or number as the client sees them, whose domain sockets a client reads from, separated by commas;"
          + " *: anybody who can make one where the client looks."),
      .init(
        "alluxio.worker.data.server.domain.socket.address", .path, "",
        "Path of the domain socket, or of its directory; empty: no domain socket."),
      .init(
        "alluxio.worker.data.server.domain.socket.as.uuid", .boolean, "false",
        "Takes the address as a directory with the worker's identity as the socket's name."),
    ])

  /// Who may use the domain socket, and how much of it.
  private static let shortCircuitKeys = rows(
    .locality,
    [
      .init(
        "penstock.worker.short.circuit.socket.mode", .string, "666",
        "Permissions of the domain socket's file, in octal; who may connect is said by the keys below."
      ),
      .init(
        "penstock.worker.short.circuit.shared.users", .string, "",
        "Users, by name or number, whose processes map the memory of cached pages and so can read all of it, separated by"
          + " commas; empty: root and the worker's own user; none: nobody."),
      .init(
        "penstock.worker.short.circuit.shared.groups", .string, "",
        "Groups, by name or number, whose members are as such users."),
      .init(
        "penstock.worker.short.circuit.allowed.users", .string, "*",
        "Users who may use the domain socket and get copies of what they ask for; *: everybody."),
      .init(
        "penstock.worker.short.circuit.allowed.groups", .string, "",
        "Groups whose members may use the domain socket, as above."),
      .init(
        "penstock.worker.short.circuit.leases.max", .integer(1...65_536), "4096",
        "Pages that one client can have leased; without a wish it may have 1,024."),
      .init(
        "penstock.worker.short.circuit.leased.max", .size, "0",
        "Bytes of the memory tier that one client can have leased; 0: a sixteenth of it, or 64 pages. All clients"
          + " together never have more than a fourth of the tier."),
      .init(
        "penstock.worker.short.circuit.window.max", .sizeIn(4096...(1 << 40)), "16MB",
        "Largest window of one client, into which pages of disks are copied."),
      .init(
        "penstock.worker.short.circuit.windows.memory.max", .size, "256MB",
        "Memory that the windows of all clients take at most; it is taken as they are used."),
      .init(
        "penstock.worker.short.circuit.lease.term", .duration, "30s",
        "Time after which a lease ends that its client does not renew."),
      .init(
        "penstock.worker.short.circuit.lease.hold.max", .duration, "10min",
        "Time after which a lease ends in any case."),
      .init(
        "penstock.worker.short.circuit.revoke.grace", .duration, "1s",
        "Time that a client has to give back a page whose memory is wanted, before it is taken."),
      .init(
        "penstock.worker.short.circuit.connections.max", .positive, "4096",
        "Connections to the domain socket."),
      .init(
        "penstock.worker.short.circuit.user.connections.max", .positive, "2048",
        "Connections of one user to the domain socket."),
      .init(
        "penstock.worker.short.circuit.user.requests.max", .positive, "1000000",
        "Requests of one user over the domain socket in a second, a request with many pages, leases or bytes counting as"
          + " several (docs/formats/short-circuit.md); more are told to come again."),
    ])
}
