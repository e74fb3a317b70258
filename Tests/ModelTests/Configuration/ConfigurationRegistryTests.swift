// The table of keys, its spellings, and its page in the documentation.

import Foundation
import Model
import Testing

@Suite("Configuration registry")
struct ConfigurationRegistryTests {
  private let registry = ConfigurationRegistry.standard

  @Test("no spelling and no environment variable stands for two keys")
  func unique() {
    var owners: [String: String] = [:]
    var variables: [String: String] = [:]
    for key in registry.keys {
      for spelling in Set(key.spellings) {
        #expect(owners.updateValue(key.name, forKey: spelling) == nil, "\(spelling)")
        guard !key.isTemplate, !spelling.contains("-") else { continue }
        let variable = ConfigurationKey.environmentName(of: spelling)
        #expect(variables.updateValue(key.name, forKey: variable) == nil, "\(variable)")
        #expect(registry.spelling(ofVariable: variable) == spelling)
      }
    }
    #expect(registry.keys.count > 250)
  }

  @Test("every default is of its key's kind and the empty input gives no warning")
  func defaults() throws {
    let configuration = try Configuration(ConfigurationInput())
    #expect(configuration.warnings.isEmpty)
    for key in registry.keys where key.defaultText != nil && !key.isTemplate {
      let resolves = key.name != "alluxio.worker.tieredstore.level0.dirs.quota"
      #expect((configuration.setting(key.name) != nil) == resolves, "\(key.name)")
    }
  }

  @Test("every key that is read has a default of the type it is read as")
  func typedKeys() throws {
    let configuration = try Configuration(ConfigurationInput())
    for key in Configuration.SizeKey.allCases { #expect(configuration.size(key) >= 0) }
    #expect(configuration.duration(.pageStoreTimeout) < .zero, "off")
    for key in Configuration.DurationKey.allCases where key != .pageStoreTimeout {
      #expect(configuration.duration(key) > .zero)
      #expect(configuration.nanoseconds(key) < .max)
    }
    #expect(configuration.integer(.loadFailureCountThreshold) == -1, "any number")
    for key in Configuration.IntegerKey.allCases where key != .loadFailureCountThreshold {
      #expect(configuration.integer(key) >= 0)
    }
    for key in Configuration.PortKey.allCases { #expect(configuration.port(key) > 1024) }
    let off: Set<Configuration.BooleanKey> = [
      .cacheFilterEnabled, .ttlEnabled, .quotaEnabled, .metastoreBloomFilter, .tlsEnabled,
      .tlsClientAuthentication, .domainSocketAsUUID,
    ]
    for key in Configuration.BooleanKey.allCases {
      #expect(configuration.boolean(key) == !off.contains(key))
    }
    for key in Configuration.NumberKey.allCases { #expect(configuration.number(key) >= 0) }
    for key in Configuration.StringKey.allCases {
      let kind = registry.match(key.rawValue)?.key.kind
      #expect(kind == .string || kind == .path, "\(key)")
    }
    for key in Configuration.ChoiceKey.allCases { #expect(!configuration.choice(key).isEmpty) }
    for name in Configuration.readNames {
      #expect(registry.match(name)?.name == name, "\(name) is canonical")
    }
  }

  @Test(
    "aliases name one key in both directions",
    arguments: [
      ("alluxio.master.hostname", "alluxio.coordinator.hostname"),
      ("alluxio.master.scheduler.interval.time", "alluxio.coordinator.scheduler.interval.time"),
      ("alluxio.coordinator.worker.timeout", "alluxio.master.worker.timeout"),
      ("alluxio.master.worker.timeout.ms", "alluxio.master.worker.timeout"),
      (
        "alluxio.coordinator.lost.worker.detection.interval",
        "alluxio.master.worker.heartbeat.interval"
      ),
      (
        "alluxio.worker.network.grpc.reader.threads.max",
        "alluxio.worker.job.load.executor.threads.max"
      ),
      ("aws.secretKey", "s3a.secretKey"),
      ("alluxio.underfs.s3a.endpoint", "alluxio.underfs.s3.endpoint"),
      ("alluxio.worker.s3.deletetype", "alluxio.proxy.s3.deletetype"),
      ("alluxio.proxy.s3.api.enabled", "alluxio.worker.s3.api.enabled"),
      ("alluxio.worker.memory.size", "alluxio.worker.ramdisk.size"),
      (
        "alluxio.coordinator.mount.table.root.option.x.Y",
        "alluxio.master.mount.table.root.option.x.Y"
      ),
    ])
  func aliases(spelling: String, name: String) {
    #expect(registry.match(spelling)?.name == name)
    #expect(registry.match(name)?.name == name)
  }

  @Test("templates take the names that fit and no others")
  func templates() {
    let level = "alluxio.worker.tieredstore.level"
    #expect(registry.match(level + "7.dirs.path")?.key.name == level + "{N}.dirs.path")
    for name in [level + ".alias", level + "x.alias", level + "123.alias", level + "7.other"] {
      #expect(registry.match(name) == nil, "\(name)")
    }
    #expect(registry.match("alluxio.locality.zone.strict")?.key.kind == .boolean)
    #expect(registry.match("alluxio.locality.zone")?.key.kind == .string)
    #expect(registry.match("alluxio.locality.a.b") == nil)
    #expect(
      registry.spelling(ofVariable: "ALLUXIO_WORKER_TIEREDSTORE_LEVEL7_ALIAS")
        == level + "7.alias")
    #expect(
      registry.spelling(ofVariable: "ALLUXIO_MASTER_MOUNT_TABLE_ROOT_OPTION_S3A_SECRETKEY")
        == "alluxio.master.mount.table.root.option.s3a.secretKey")
  }

  @Test("a slip of the pen finds the key that was meant")
  func nearest() {
    #expect(registry.nearest(to: "alluxio.worker.rpc.prot") == "alluxio.worker.rpc.port")
    #expect(registry.nearest(to: "aluxio.worker.rpc.port") == "alluxio.worker.rpc.port")
    #expect(registry.nearest(to: "zzz") == nil)
    #expect(registry.nearest(to: String(repeating: "a", count: 5000)) == nil)
  }

  @Test("docs/configuration.md is what the registry says")
  func documentation() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(
      contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
    #expect(page == ConfigurationDocument.markdown(), "run `penstock conf docs`")
  }
}
