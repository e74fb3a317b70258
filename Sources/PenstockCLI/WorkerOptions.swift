// Which worker a command asks, and the asking.

import ArgumentParser
import Model
import WorkerDaemon

/// The options of a command that asks a running worker at its web port.
struct WorkerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The worker's web port; by default that of the configuration on this host.",
      valueName: "host:port"))
  var worker: String?

  @OptionGroup var options: ConfigurationOptions

  /// The body of the worker's answer to a GET of `target`.
  ///
  /// - Parameter target: Path and query.
  /// - Returns: the body of the answer.
  /// - Throws: exit code 1 after a line that says why there is no answer, or which other answer there is.
  func get(_ target: String) throws -> String { try request("GET", target) }

  /// The body of the worker's answer to a request with a JSON body.
  ///
  /// - Parameters:
  ///   - method: GET, POST, PUT or DELETE.
  ///   - target: Path and query.
  ///   - body: JSON, or nothing.
  /// - Returns: the body of the answer.
  /// - Throws: as ``get(_:)``.
  func request(_ method: String, _ target: String, body: String = "") throws -> String {
    let (host, port) = try address()
    do {
      let answer = try WorkerConnection.request(
        method, target, body: body, host: host, port: port)
      guard answer.status == 200 else {
        // Refusals say what to change in their message.
        let message = (try? JSONReader.parse(Array(answer.body.utf8)))?["message"]?.text
        Terminal.error(
          message.map { "error: \($0)" }
            ?? "error: \(host):\(port) says \(answer.status): \(answer.body.prefix(200)); is it the worker's web port (\(Configuration.PortKey.web.rawValue))?"
        )
        throw ExitCode(ExitStatus.failure)
      }
      return answer.body
    } catch let error as WorkerConnection.Failure {
      Terminal.error(
        "error: no answer from a worker at \(host):\(port): \(error.reason); name another with --worker"
      )
      throw ExitCode(ExitStatus.failure)
    }
  }

  private func address() throws -> (host: String, port: UInt16) {
    guard let worker else { return ("127.0.0.1", try options.load().port(.web)) }
    guard let colon = worker.lastIndex(of: ":"), colon > worker.startIndex,
      let port = UInt16(worker[worker.index(after: colon)...]), port > 0
    else { throw ValidationError("--worker is host:port, such as 127.0.0.1:30000") }
    var host = worker[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return (String(host), port)
  }
}
