// From a mount's specification and Hadoop's configuration to a UFS.
//
// Option | Meaning
// --- | ---
// `readonly` | refuse every change with 403
// `alluxio.underfs.hdfs.configuration` | Hadoop's files, between colons; a property of a later file wins
// `alluxio.security.login.username` | who we are to the cluster
// `penstock.worker.ufs.*` | bounds of requests, see flow control
// `dfs.*`, `fs.*`, `hadoop.*`, `ipc.*` | a property, over those of the files
//
// Who we are: the option or key, else HADOOP_USER_NAME, else the process's user.

import Glibc
import HTTPWire
import Model
import Ring

extension HDFSUFS {
  static let configurationKey = "alluxio.underfs.hdfs.configuration"
  static let userKey = "alluxio.security.login.username"
  private static let prefixes = ["dfs.", "fs.", "hadoop.", "ipc."]

  /// Opens the UFS of a mount; asks no node.
  ///
  /// - Throws: `.unknownOption`, `.badOption`, `.badHadoopSetting`, `.unreadable` for a file that was named.
  convenience init(
    uri: UFSURI, _ specification: MountSpecification, _ environment: UFSEnvironment
  ) throws(MountError) {
    let mount = specification.alluxioPath
    var settings = HDFSSettings()
    let named = specification.options[Self.configurationKey]
    try settings.read(
      named ?? environment.settings[Self.configurationKey] ?? "", mustExist: named != nil,
      mount: mount)
    var user = environment.settings[Self.userKey]
    var options = HDFSOptions()
    for (key, value) in specification.options.sorted(by: { $0.key < $1.key }) {
      switch key {
      case Self.configurationKey: break
      case Self.userKey: user = value
      case _ where FlowOptions.ownKeys.contains(key): break
      case "readonly":
        guard let flag = Bool(value) else {
          throw MountError(.badOption(key, value: value, accepted: "true or false"), mount: mount)
        }
        options.isReadOnly = flag
      case _ where Self.prefixes.contains(where: { hasBytePrefix(key, $0) }):
        settings.set(key, value)
      default:
        throw MountError(
          .unknownOption(
            key,
            known: [
              Self.configurationKey, Self.userKey, "dfs.*", "fs.*", "hadoop.*", "ipc.*", "readonly",
            ] + FlowOptions.ownKeys),
          mount: mount)
      }
    }
    let flowOptions = try FlowOptions(
      parsing: specification.options, defaults: environment.flowOptions, mount: mount)
    try Self.checkSecurity(settings, mount)
    Self.apply(settings, to: &options)
    let authority = try Self.authority(uri, settings, mount)
    guard let nameNodes = settings.nameNodes(authority) else {
      throw MountError(
        .badHadoopSetting(
          "no name node is known for '\(masked("\(uri)"))'; set dfs.namenode.rpc-address.…"),
        mount: mount)
    }
    self.init(
      uri: uri,
      cluster: HDFSCluster(
        nameNodes: nameNodes, user: user ?? Self.processUser(), options: options,
        resolver: environment.http.resolver,
        gate: environment.flow.gate(
          mount: mount, host: "hdfs://\(authority)", options: flowOptions)))
  }

  /// The URI's authority, or that of `fs.defaultFS` for `hdfs:///path`.
  private static func authority(
    _ uri: UFSURI, _ settings: HDFSSettings, _ mount: String
  ) throws(MountError) -> String {
    if !uri.authority.isEmpty { return uri.authority }
    guard let text = settings["fs.defaultFS"] ?? settings["fs.default.name"],
      let parsed = try? UFSURI(parsing: text), parsed.scheme == "hdfs", !parsed.authority.isEmpty
    else {
      throw MountError(
        .badHadoopSetting(
          "'\(masked("\(uri)"))' names no cluster and fs.defaultFS is no hdfs://host"),
        mount: mount)
    }
    return parsed.authority
  }

  private static func checkSecurity(
    _ settings: HDFSSettings, _ mount: String
  ) throws(MountError) {
    if let kind = settings["hadoop.security.authentication"], kind.lowercased() != "simple" {
      throw MountError(
        .badHadoopSetting(
          "hadoop.security.authentication is '\(kind)'; this version speaks only 'simple' (no Kerberos)"
        ),
        mount: mount)
    }
    if settings["dfs.data.transfer.protection"] != nil
      || settings.flag("dfs.encrypt.data.transfer") == true
    {
      throw MountError(
        .badHadoopSetting("protected or encrypted data transfer is not supported by this version"),
        mount: mount)
    }
  }

  private static func apply(_ settings: HDFSSettings, to options: inout HDFSOptions) {
    options.usesHostNames = settings.flag("dfs.client.use.datanode.hostname") ?? false
    if let time = settings.milliseconds("ipc.client.connect.timeout") { options.connectTime = time }
    if let time = settings.milliseconds("ipc.client.rpc-timeout.ms") { options.callTime = time }
    if let time = settings.milliseconds("dfs.client.socket-timeout") { options.stallTime = time }
    if let time = settings.milliseconds("dfs.client.socketcache.expiryMsec") {
      options.keepTime = time
    }
    if let count = settings.number("dfs.replication"), (1...512).contains(count) {
      options.replication = UInt32(count)
    }
    if let size = settings.size("dfs.blocksize"), size >= 512 {
      options.blockSize = size / 512 * 512
    }
  }

  /// HADOOP_USER_NAME, or the name of the process's user.
  private static func processUser() -> String {
    if let name = unsafe getenv("HADOOP_USER_NAME") {
      let text = unsafe String(cString: name)
      if !text.isEmpty { return text }
    }
    let name = OwnerNames().find(user: geteuid(), group: getegid()).0
    return name.isEmpty ? String(geteuid()) : name
  }
}
