// Whom to trust and who we are: PEM files, read when a channel or server is made.

import Glibc

/// Settings of TLS; names of PEM files.
package struct RPCTLSOptions: Sendable, Hashable {
  /// Certificates of the authorities to trust; nil trusts the system's.
  package var authoritiesFile: String?
  /// Our certificate and what leads from it to an authority; a server has one.
  package var certificateFile: String?
  /// The key of our certificate.
  package var keyFile: String?
  /// Of servers: whether a client without a certificate of an authority is refused (mutual TLS).
  package var demandsClientCertificate: Bool
  /// Of clients: the name that the server's certificate bears when it is not the target's.
  package var serverName: String?

  /// Options of their parts.
  package init(
    authoritiesFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil,
    demandsClientCertificate: Bool = false, serverName: String? = nil
  ) {
    self.authoritiesFile = authoritiesFile
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    self.demandsClientCertificate = demandsClientCertificate
    self.serverName = serverName
  }

  /// Reads the files that are named; blocks for the disk.
  ///
  /// - Throws: `.invalidArgument` naming the first that cannot be read or is no PEM file.
  package func check() throws(RPCError) {
    for path in [authoritiesFile, certificateFile, keyFile] {
      guard let text = try Self.read(path), !text.contains("-----BEGIN ") else { continue }
      throw RPCError(.invalidArgument, "\(path ?? ""): no PEM file")
    }
  }

  /// PEM files are smaller.
  private static let sizeMax = 4 << 20

  /// The text of a PEM file, nil for no file.
  ///
  /// Blocks for the disk.
  ///
  /// - Throws: `.invalidArgument` when it cannot be read.
  static func read(_ path: String?) throws(RPCError) -> String? {
    guard let path else { return nil }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65536)
    while bytes.count <= sizeMax {
      let count = unsafe Glibc.read(descriptor, &block, block.count)
      if count < 0 { throw unreadable(path) }
      if count == 0 {
        guard !bytes.isEmpty, !bytes.contains(0) else {
          throw RPCError(.invalidArgument, "\(path): no PEM file")
        }
        return String(decoding: bytes, as: UTF8.self)
      }
      bytes.append(contentsOf: block[..<count])
    }
    throw RPCError(.invalidArgument, "\(path): no PEM file")
  }

  private static func unreadable(_ path: String) -> RPCError {
    RPCError(.invalidArgument, "\(path): \(unsafe String(cString: strerror(errno)))")
  }
}
