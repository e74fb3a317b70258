// Where the worker of this host listens, by the rules of the configuration.
//
//   as.uuid   directory/1d6d7c85-dee0-4ac5-bbd1-86eb496a2a50     local is who can be seen there
//   else      the socket itself                                  local is who bears this host's name

import Glibc
import Model

/// A domain socket that may be a worker's of this host.
struct WorkerSocket: Sendable {
  let path: String
  /// The worker that its name says; nil when it says none.
  let worker: WorkerIdentity?

  /// The sockets that `options` lead to, in order of their names; none when the short circuit is off or the worker is not of this host.
  static func all(_ options: ClientOptions) -> [WorkerSocket] {
    guard options.isShortCircuitEnabled, !options.socketAddress.isEmpty else { return [] }
    guard options.socketIsUUID else {
      guard
        options.workers.isEmpty || options.workers.contains(where: { isThisHost($0.host, options) })
      else { return [] }
      return [WorkerSocket(path: options.socketAddress, worker: nil)]
    }
    guard let directory = unsafe opendir(options.socketAddress) else { return [] }
    defer { unsafe closedir(directory) }
    var found: [WorkerSocket] = []
    while let entry = unsafe readdir(directory), found.count < 1024 {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      guard let identity = WorkerIdentity(uuid: name) else { continue }
      found.append(WorkerSocket(path: "\(options.socketAddress)/\(name)", worker: identity))
    }
    return found.sorted { $0.path < $1.path }
  }

  private static func isThisHost(_ host: String, _ options: ClientOptions) -> Bool {
    host.lowercased() == options.hostname.lowercased() || host == "localhost"
      || host.hasPrefix("127.") || host == "::1"
  }
}
