// One port set twice: the second listener would only find it taken.

/// Looks at the ports of a process before any of them is opened.
package enum PortCheck {
  /// Compares the ports of a worker with each other and with those of a coordinator in its process.
  ///
  /// - Throws: `.configuration`, naming both keys.
  package static func check(
    _ worker: WorkerSettings?, _ coordinator: CoordinatorSettings?
  ) throws(StartError) {
    var endpoints = worker?.endpoints.map(\.endpoint) ?? []
    if coordinator == nil, let link = worker?.link { endpoints.append(link.bind) }
    if let coordinator { endpoints += [coordinator.web, coordinator.rpc] }
    for (index, endpoint) in endpoints.enumerated() where endpoint.port != 0 {
      let other = endpoints[..<index].first { other in
        other.port == endpoint.port && meet(other.host, endpoint.host)
      }
      guard let other else { continue }
      throw StartError(
        .configuration,
        "\(other.key) and \(endpoint.key) are both \(endpoint.port): give each its own port")
    }
  }

  /// Whether listeners on two addresses want the same one.
  private static func meet(_ one: String, _ other: String) -> Bool {
    guard one != other else { return true }
    // "::" and no address at all take both families.
    for (host, place) in [(one, other), (other, one)] {
      if host.isEmpty || host == "::" { return true }
      if host == "0.0.0.0", !place.contains(":") { return true }
    }
    return false
  }
}
