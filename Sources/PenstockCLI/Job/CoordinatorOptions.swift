// Which coordinator a command asks, and the asking.

import ArgumentParser
import Model
import Scheduler
import WorkerDaemon

/// The options of a command that asks a running coordinator at its web port.
struct CoordinatorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The coordinator's web port; by default alluxio.coordinator.hostname and "
        + "alluxio.coordinator.web.port.",
      valueName: "host:port"))
  var coordinator: String?

  @OptionGroup var options: ConfigurationOptions

  /// The answer to a request with a JSON body.
  ///
  /// - Throws: exit code −1 after a line that says why there is none.
  func request(
    _ method: String, _ target: String, _ members: [(String, String)]
  ) throws -> (status: Int, value: JSONValue) {
    let (host, port) = try address()
    let body = JSONWriter.object { for (name, text) in members { $0.member(name, text) } }
    do {
      let answer = try WorkerConnection.request(
        method, target, body: String(decoding: body, as: UTF8.self), host: host, port: port)
      return (answer.status, try JSONReader.parse(Array(answer.body.utf8)))
    } catch let error as WorkerConnection.Failure {
      throw Self.end(
        .failure(
          "no answer from a coordinator at \(host):\(port): \(error.reason); set "
            + "alluxio.coordinator.hostname"))
    } catch let error as JSONProblem {
      throw Self.end(.failure("the answer of \(host):\(port) is no JSON: \(error)"))
    }
  }

  /// The answer to a request that is to succeed.
  ///
  /// - Throws: exit code −1 after the coordinator's refusal.
  func answer(
    _ method: String, _ target: String, _ members: [(String, String)]
  ) throws -> JSONValue {
    let (status, value) = try request(method, target, members)
    guard status == 200 else { throw Self.end(.failure(Self.refusal(status, value))) }
    return value
  }

  /// What a refusal says.
  static func refusal(_ status: Int, _ value: JSONValue) -> String {
    value["status"]?.text ?? "the coordinator says \(status)"
  }

  /// Prints a line and gives the exit code that goes with it: failures go to standard error.
  static func end(_ line: ConsoleLine) -> ExitCode {
    if line.code == -1 { Terminal.error(line.text) } else { Terminal.output(line.text) }
    return ExitCode(line.code & 0xFF)
  }

  private func address() throws -> (host: String, port: UInt16) {
    guard let coordinator else {
      let configuration = try options.load()
      let host = configuration.string(.coordinatorHostname)
      return (host.isEmpty ? "127.0.0.1" : host, configuration.port(.coordinatorWeb))
    }
    guard let colon = coordinator.lastIndex(of: ":"), colon > coordinator.startIndex,
      let port = UInt16(coordinator[coordinator.index(after: colon)...]), port > 0
    else { throw ValidationError("--coordinator is host:port, such as 127.0.0.1:19999") }
    var host = coordinator[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return (String(host), port)
  }
}
