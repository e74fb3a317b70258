// From a mount's specification to its UFS. Nothing is asked of the server here.

import HTTPWire

extension HTTPUFS {
  /// The UFS of an `http://` or `https://` mount.
  ///
  /// - Throws: `.badURI`, and what is wrong with the options.
  package convenience init(
    _ uri: UFSURI, _ specification: MountSpecification, _ environment: UFSEnvironment
  ) throws(MountError) {
    let mount = specification.alluxioPath
    let isSecure = uri.scheme == "https"
    guard let origin = HTTPOrigin(isSecure: isSecure, authority: uri.authority) else {
      // Not the text itself: before an @ a password may stand.
      let host = uri.authority.utf8.split(separator: UInt8(ascii: "@")).last
      let text = "\(uri.scheme)://\(host.map { String(Substring($0)) } ?? "")"
      throw MountError(.badURI(text, .badHost), mount: mount)
    }
    if uri.path.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
      throw MountError(.badURI(specification.uri, .query), mount: mount)
    }
    if let rule = HTTPPath.brokenRule(uri.path) {
      throw MountError(.badURI(specification.uri, rule), mount: mount)
    }
    let options = try Options(
      parsing: specification.options, others: FlowOptions.keys, mount: mount)
    let flowOptions = try FlowOptions(
      parsing: specification.options, defaults: environment.flowOptions, mount: mount)
    self.init(
      uri, origin: origin, options: options, client: options.client(environment.http),
      gate: environment.flow.gate(mount: mount, host: origin.description, options: flowOptions))
  }
}
