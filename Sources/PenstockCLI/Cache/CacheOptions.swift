// What every command about the cache shares: which worker, how to print, and the call itself.

import ArgumentParser
import Model
import WorkerDaemon

/// The options of a command about the cache.
struct CacheOptions: ParsableArguments {
  @Flag(help: "Prints the worker's answer as JSON.")
  var json = false
  @OptionGroup var worker: WorkerOptions

  /// Asks the cache API of the worker.
  ///
  /// - Parameters:
  ///   - method: GET, POST, PUT or DELETE.
  ///   - endpoint: The word behind `/v1/cache/`.
  ///   - members: Parameters; nil ones are left out.
  /// - Returns: the answer, as text and as a value.
  /// - Throws: exit code 1 after a line that says why there is no answer.
  func call(
    _ method: String, _ endpoint: String, _ members: [(String, String?)] = []
  ) throws -> (text: String, value: JSONValue) {
    let given = members.compactMap { name, value in value.map { (name, $0) } }
    var target = "/v1/cache/\(endpoint)"
    var body = ""
    if method == "GET" {
      let fields = given.map { "\($0)=\(PathCoding.encodePath($1))" }
      if !fields.isEmpty { target += "?" + fields.joined(separator: "&") }
    } else {
      let bytes = JSONWriter.object { writer in
        for (name, value) in given { writer.member(name, value) }
      }
      body = String(decoding: bytes, as: UTF8.self)
    }
    let text = try worker.request(method, target, body: body)
    do throws(JSONProblem) {
      return (text, try JSONReader.parse(Array(text.utf8)))
    } catch {
      Terminal.error("error: the worker's answer is no JSON (\(error)); is it a Penstock worker?")
      throw ExitCode(ExitStatus.failure)
    }
  }

  /// Prints `text`.
  ///
  /// - Parameter text: Lines, without a line feed at the end.
  /// - Throws: exit code 1 when nobody takes it.
  func print(_ text: String) throws {
    guard Terminal.output(text) else { throw ExitCode(ExitStatus.failure) }
  }

  /// Changes a rule and prints what the worker says of it.
  ///
  /// - Parameters:
  ///   - method: POST adds, PUT updates, DELETE removes.
  ///   - endpoint: The kind of rule.
  ///   - members: Parameters; nil ones are left out.
  /// - Throws: exit code 1 when the worker refuses.
  func change(
    _ method: String, _ endpoint: String, _ members: [(String, String?)]
  ) throws {
    let (text, value) = try call(method, endpoint, members)
    if json { return try print(text) }
    if let warning = value["warning"]?.text { Terminal.error("warning: \(warning)") }
    try print(value["message"]?.text ?? text)
  }

  /// Prints the rules of one kind, a line each.
  ///
  /// - Parameters:
  ///   - endpoint: The kind of rule.
  ///   - shown: What of a rule stands behind its path.
  /// - Throws: exit code 1 when the worker does not answer.
  func list(_ endpoint: String, _ shown: (JSONValue) -> String) throws {
    let (text, value) = try call("GET", endpoint)
    if json { return try print(text) }
    let rules = value["rules"]?.elements ?? []
    if value["enforced"]?.truth == false, !rules.isEmpty {
      Terminal.error("warning: these rules are kept but not enforced: the worker has them off")
    }
    for rule in rules { try print("alluxioPath=\(rule["path"]?.text ?? "?")\(shown(rule))") }
  }
}

/// The option that names the path of a rule.
struct RulePathOption: ParsableArguments {
  @Option(help: "Where the rule holds, with everything below.")
  var path: String
}
