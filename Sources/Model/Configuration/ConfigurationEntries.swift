// From the raw sources to entries: who set which spelling to what.

/// The entries of all sources, with what was odd or wrong on the way.
struct ConfigurationEntries {
  /// The entries, weakest source first; of equal ones, in the order written.
  private(set) var all: [ConfigurationEntry] = []
  /// Lines and arguments that are no entries.
  private(set) var problems: [ConfigurationProblem] = []
  /// Variables that set nothing.
  private(set) var warnings: [ConfigurationWarning] = []

  /// The entries of `input`.
  init(_ input: ConfigurationInput, _ registry: ConfigurationRegistry) {
    if let file = input.file { read(file) }
    for variable in input.environment { read(variable, registry) }
    for definition in input.definitions { read(definition) }
  }

  private mutating func read(_ file: ConfigurationInput.File) {
    let properties = PropertiesFile(parsing: file.bytes)
    for entry in properties.entries {
      let source = ConfigurationSource.file(path: file.path, line: entry.line)
      all.append(ConfigurationEntry(name: entry.name, text: entry.text, source: source))
    }
    problems += properties.faults.map {
      .badLine(path: file.path, line: $0.line, reason: $0.reason)
    }
  }

  private mutating func read(
    _ variable: ConfigurationInput.Variable, _ registry: ConfigurationRegistry
  ) {
    // An image or a chart that leaves a variable empty means that it is not set.
    guard !variable.text.isEmpty else { return }
    guard let name = registry.spelling(ofVariable: variable.name) else {
      if variable.name.hasPrefix("ALLUXIO_"), !Self.isForeign(variable) {
        let nearest = registry.nearestVariable(to: variable.name)
        warnings.append(.unknownVariable(variable.name, nearest: nearest))
      }
      return
    }
    // A container platform that runs a service called alluxio-worker-rpc sets
    // ALLUXIO_WORKER_RPC_PORT=tcp://10.0.0.1:29999 in every pod beside it.
    if registry.match(name)?.key.kind == .port, variable.text.contains("://") {
      warnings.append(.serviceVariable(variable.name, key: name))
      return
    }
    all.append(
      ConfigurationEntry(
        name: name, text: variable.text, source: .environment(variable.name)))
  }

  private mutating func read(_ definition: String) {
    guard let equals = definition.firstIndex(of: "=") else {
      problems.append(.badDefinition(definition))
      return
    }
    let name = String(definition[..<equals]).asciiTrimmed
    guard !name.isEmpty else {
      problems.append(.badDefinition(definition))
      return
    }
    let text = String(definition[definition.index(after: equals)...])
    all.append(ConfigurationEntry(name: name, text: text, source: .commandLine))
  }

  /// True for `ALLUXIO_…` variables that others define for their own ends.
  private static func isForeign(_ variable: ConfigurationInput.Variable) -> Bool {
    let name = variable.name
    if foreign.contains(name) || name.hasSuffix("_JAVA_OPTS") { return true }
    // What a container platform writes for each service it runs.
    return name.contains("_SERVICE_PORT") || name.hasSuffix("_SERVICE_HOST")
      || name.contains("_TCP") || name.contains("_UDP")
      || (name.hasSuffix("_PORT") && variable.text.contains("://"))
  }

  /// Variables of launch scripts and images.
  private static let foreign: Set<String> = [
    "ALLUXIO_CLASSPATH", "ALLUXIO_CLIENT_CLASSPATH", "ALLUXIO_SERVER_CLASSPATH",
    "ALLUXIO_CLIENT_JAR_PATH", "ALLUXIO_LOGS_DIR", "ALLUXIO_RAM_FOLDER", "ALLUXIO_USER",
    "ALLUXIO_USERNAME", "ALLUXIO_GROUP", "ALLUXIO_UID", "ALLUXIO_GID", "ALLUXIO_VERSION",
    "ALLUXIO_TARBALL", "ALLUXIO_IMAGE", "ALLUXIO_LOGGER", "ALLUXIO_LOG4J_PROPERTIES",
    "ALLUXIO_USER_LOGGER", "ALLUXIO_MASTER_LOGGER", "ALLUXIO_WORKER_LOGGER",
    "ALLUXIO_FUSE_LOGGER", "ALLUXIO_LOGSERVER_LOGS_DIR", "ALLUXIO_LOGSERVER_PORT",
  ]
}
