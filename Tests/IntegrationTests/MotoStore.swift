// A public S3 server as a process, for tests of the daemon against it.

import DaemonDriver

/// moto on loopback, with its buckets in memory.
final class MotoStore {
  /// The access key and its secret; moto takes any.
  static let keyID = "penstock"
  static let secret = "s3cr3t-of-the-tests"

  /// Whose a request is; without that it is nobody's, who may read nothing.
  private static let headers = [
    (
      "Authorization",
      "AWS4-HMAC-SHA256 Credential=\(keyID)/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, "
        + "Signature=none"
    )
  ]

  /// The TCP port.
  let port: UInt16
  private let process: ChildProcess
  private let scratch: ScratchDirectory

  /// Starts the server and makes empty buckets; blocks until it answers.
  init(buckets: [String]) throws {
    let environment = try PythonEnvironment("requirements-s3.txt")
    let folder = try ScratchDirectory("moto")
    let child = try ChildProcess(
      [environment.python, "\(environment.scripts)/s3_server.py", "moto"],
      output: folder.path("out"), errors: folder.path("err"))
    var found: UInt16?
    for _ in 0..<3000 where found == nil {
      let text = try readText(folder.path("out"))
      if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("PORT ") }) {
        found = UInt16(line.dropFirst(5))
      } else if let status = child.wait(.milliseconds(20)) {
        throw DriverError.program(
          "the S3 server ended with \(status): \(try readText(folder.path("err")))")
      }
    }
    guard let found else { throw DriverError.program("the S3 server says no port") }
    (port, process, scratch) = (found, child, folder)
    for bucket in buckets { _ = try call("PUT", "/\(bucket)", body: []) }
  }

  /// The option that mounts a bucket at `/bucket`.
  func mount(_ bucket: String) -> String {
    [
      "/\(bucket)=s3://\(bucket)", "alluxio.underfs.s3.endpoint=http://127.0.0.1:\(port)",
      "alluxio.underfs.s3.disable.dns.buckets=true", "alluxio.underfs.s3.region=us-east-1",
    ].joined(separator: ",")
  }

  /// The variables of a daemon that uses it.
  var variables: [String: String] {
    ["AWS_ACCESS_KEY_ID": Self.keyID, "AWS_SECRET_ACCESS_KEY": Self.secret]
  }

  /// Puts an object, such as `bucket/key`.
  func put(_ object: String, _ bytes: [UInt8]) throws {
    _ = try call("PUT", "/\(object)", body: bytes)
  }

  /// The bytes of an object; nil when there is none.
  func get(_ object: String) throws -> [UInt8]? {
    let answer = try HTTPConnection(port: port).request(
      "GET", "/\(object)", headers: Self.headers)
    return answer.status == 200 ? answer.body : nil
  }

  private func call(_ method: String, _ target: String, body: [UInt8]) throws -> HTTPResponse {
    let answer = try HTTPConnection(port: port).request(
      method, target, headers: Self.headers, body: body)
    guard answer.status == 200 else {
      throw DriverError.program("\(method) \(target): \(answer.status) \(answer.text)")
    }
    return answer
  }
}
