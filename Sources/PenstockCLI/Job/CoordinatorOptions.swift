// Which coordinator a command asks, and the asking.

import ArgumentParser
import Model
import Scheduler
import WorkerDaemon

/// A member of a request's body.
enum RequestValue {
  /// One text.
  case text(String)
  /// Several.
  case texts([String])
}

/// The options of a command that asks a running coordinator at its web port.
struct CoordinatorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The coordinator's web port; by default alluxio.coordinator.hostname and "
        + "alluxio.coordinator.web.port.",
      valueName: "host:port"))
  var coordinator: String?

  @OptionGroup var options: ConfigurationOptions

  /// The answer to a request with a JSON body, as a value and as text.
  ///
  /// - Throws: `CoordinatorFailure` when there is none; what `address` throws.
  func request(
    _ method: String, _ target: String, _ members: [(String, RequestValue)]
  ) throws -> (status: Int, value: JSONValue, text: String) {
    let (host, port) = try address()
    let body = JSONWriter.object { writer in
      for (name, value) in members {
        switch value {
        case .text(let text): writer.member(name, text)
        case .texts(let texts):
          writer.name(name)
          writer.array { for text in texts { $0.string(text) } }
        }
      }
    }
    do {
      let answer = try WorkerConnection.request(
        method, target, body: String(decoding: body, as: UTF8.self), host: host, port: port)
      let value = try JSONReader.parse(Array(answer.body.utf8))
      // A coordinator says why; a worker, say, only knows no such path.
      guard answer.status != 404 || value["status"]?.text != nil else {
        throw Self.noCoordinator(host, port, "it knows no \(target)")
      }
      return (answer.status, value, answer.body)
    } catch let error as WorkerConnection.Failure where error.isForeign {
      throw Self.noCoordinator(host, port, error.reason)
    } catch let error as WorkerConnection.Failure {
      throw CoordinatorFailure(
        line: .failure(
          "no answer from a coordinator at \(host.bracketedHost):\(port): \(error.reason); set "
            + "alluxio.coordinator.hostname and alluxio.coordinator.web.port"))
    } catch is JSONProblem {
      throw Self.noCoordinator(host, port, "what came back is no JSON")
    }
  }

  /// Something else listens there.
  private static func noCoordinator(
    _ host: String, _ port: UInt16, _ why: String
  ) -> CoordinatorFailure {
    CoordinatorFailure(
      line: .failure(
        "\(host.bracketedHost):\(port) is no coordinator's web port: \(why); set "
          + "alluxio.coordinator.web.port, which is 19999 by default"))
  }

  /// The answer to a request that is to succeed.
  ///
  /// - Throws: exit code −1 after the coordinator's refusal.
  func answer(
    _ method: String, _ target: String, _ members: [(String, RequestValue)]
  ) throws -> JSONValue {
    try answerText(method, target, members).value
  }

  /// As ``answer(_:_:_:)``, with the text of it.
  func answerText(
    _ method: String, _ target: String, _ members: [(String, RequestValue)]
  ) throws -> (text: String, value: JSONValue) {
    try Self.reporting {
      let (status, value, text) = try request(method, target, members)
      guard status == 200 else {
        throw CoordinatorFailure(line: .failure(Self.refusal(status, value)))
      }
      return (text, value)
    }
  }

  /// Runs `body`; a coordinator that does not answer becomes a line and its exit code.
  static func reporting<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as CoordinatorFailure { throw end(error.line) }
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

/// A coordinator that does not answer, or refuses.
struct CoordinatorFailure: Error {
  /// What the user is told.
  let line: ConsoleLine
}
