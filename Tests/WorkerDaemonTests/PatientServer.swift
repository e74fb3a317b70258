import HTTPWire
import Ring

extension HTTPServerOptions {
  /// A free port of loopback, and no limit that a client on a busy machine could meet: its tests may stand still for a minute while others compute.
  static var patient: HTTPServerOptions {
    var options = HTTPServerOptions(address: .ip("127.0.0.1", port: 0))
    (options.idleTimeout, options.headTimeout) = (.seconds(3600), .seconds(3600))
    (options.bodyTimeout, options.sendTimeout) = (.seconds(3600), .seconds(3600))
    return options
  }
}
