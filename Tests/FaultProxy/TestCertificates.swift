// Certificates for tests, made by the openssl command: two authorities, and servers' certificates of each kind of trouble.

package import DaemonDriver

/// A folder of keys and certificates that goes away with the value.
package final class TestCertificates {
  /// A certificate and its key, as paths of PEM files.
  package struct Pair: Sendable {
    /// The certificate.
    package let certificate: String
    /// Its private key.
    package let key: String
  }

  /// The authority that clients trust, and one that they do not.
  package let authority: Pair
  package let otherAuthority: Pair
  /// A server's certificate for 127.0.0.1 and localhost.
  package let server: Pair
  /// The same, but expired.
  package let expired: Pair
  /// The same, but by the other authority.
  package let untrusted: Pair
  /// One by the trusted authority for another host.
  package let otherHost: Pair
  /// A client's certificate.
  package let client: Pair

  private let scratch: ScratchDirectory

  /// Makes them all; takes some hundredths of a second.
  package init() throws(DriverError) {
    scratch = try ScratchDirectory("certificates")
    let maker = CertificateMaker(folder: scratch.path)
    authority = try maker.authority("authority")
    otherAuthority = try maker.authority("other")
    let here = "DNS:localhost,IP:127.0.0.1"
    server = try maker.leaf("server", here, by: authority)
    expired = try maker.leaf("expired", here, by: authority, isExpired: true)
    untrusted = try maker.leaf("untrusted", here, by: otherAuthority)
    otherHost = try maker.leaf("otherhost", "DNS:elsewhere.invalid", by: authority)
    client = try maker.leaf("client", "DNS:client.invalid", by: authority)
  }
}

/// Calls openssl.
private struct CertificateMaker {
  let folder: String

  func authority(_ name: String) throws(DriverError) -> TestCertificates.Pair {
    let pair = pair(name)
    try openssl([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-keyout", pair.key, "-out", pair.certificate, "-subj", "/CN=test \(name)", "-days", "30",
      "-addext", "basicConstraints=critical,CA:TRUE",
      "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    ])
    return pair
  }

  func leaf(
    _ name: String, _ names: String, by authority: TestCertificates.Pair, isExpired: Bool = false
  ) throws(DriverError) -> TestCertificates.Pair {
    let pair = pair(name)
    let base = "\(folder)/\(name)"
    try openssl([
      "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
      pair.key, "-out", "\(base).csr", "-subj", "/CN=\(name)",
    ])
    let settings = """
      [ca]
      default_ca = this
      [this]
      dir = \(folder)
      database = \(base).index
      serial = \(base).serial
      new_certs_dir = \(folder)
      default_md = sha256
      policy = any
      x509_extensions = leaf
      [any]
      commonName = supplied
      [leaf]
      basicConstraints = critical,CA:FALSE
      subjectAltName = \(names)
      extendedKeyUsage = serverAuth,clientAuth
      """
    try writeBytes(Array((settings + "\n").utf8), to: "\(base).cnf")
    try writeBytes([], to: "\(base).index")
    try writeBytes(Array("01\n".utf8), to: "\(base).serial")
    // `x509 -req` of OpenSSL 3.0 cannot set an end in the past; `ca` can.
    let validity =
      isExpired
      ? ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"] : ["-days", "30"]
    try openssl(
      [
        "ca", "-batch", "-notext", "-config", "\(base).cnf", "-cert", authority.certificate,
        "-keyfile", authority.key, "-in", "\(base).csr", "-out", pair.certificate,
      ] + validity)
    return pair
  }

  private func pair(_ name: String) -> TestCertificates.Pair {
    TestCertificates.Pair(certificate: "\(folder)/\(name).crt", key: "\(folder)/\(name).key")
  }

  private func openssl(_ arguments: [String]) throws(DriverError) {
    let run: CommandRun
    do throws(DriverError) {
      run = try CommandRun(["openssl"] + arguments)
    } catch {
      throw .program("\(error); scripts/install-deps test installs it")
    }
    guard run.succeeded else { throw .program("openssl \(arguments[0]): \(run.errors)") }
  }
}
