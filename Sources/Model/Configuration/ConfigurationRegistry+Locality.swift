// Keys of tiered locality and short circuit.

extension ConfigurationRegistry {
  /// Which worker is near, and how a client on the same host reads.
  static let localityKeys = rows(
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
        "alluxio.worker.data.server.domain.socket.address", .path, "",
        "Path of the domain socket, or of its directory; empty: no domain socket."),
      .init(
        "alluxio.worker.data.server.domain.socket.as.uuid", .boolean, "false",
        "Takes the address as a directory with the worker's identity as the socket's name."),
    ])
}
