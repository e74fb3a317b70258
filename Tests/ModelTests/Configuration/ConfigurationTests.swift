// Sources, precedence, spellings, references, warnings and refusals.

import Model
import Testing

@Suite("Configuration")
struct ConfigurationTests {
  private func input(
    _ definitions: [String] = [], environment: [String: String] = [:], file: String? = nil
  ) -> ConfigurationInput {
    var input = ConfigurationInput()
    input.definitions = definitions
    input.environment = environment.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }
    input.file = file.map { .init(path: "conf/penstock-site.properties", bytes: Array($0.utf8)) }
    return input
  }

  private func problems(_ input: ConfigurationInput) -> [String] {
    do {
      _ = try Configuration(input)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test("the command line beats the environment, which beats the file, which beats the default")
  func precedence() throws {
    let name = "alluxio.worker.rpc.port"
    let variables = ["ALLUXIO_WORKER_RPC_PORT": "2"]
    let file = "# site\n\(name)=1\n"
    let line = ["\(name)=3"]
    let expected: [(ConfigurationInput, UInt16, String)] = [
      (input(), 29999, "default"),
      (input(file: file), 1, "conf/penstock-site.properties:2"),
      (input(environment: variables, file: file), 2, "environment ALLUXIO_WORKER_RPC_PORT"),
      (input(line, environment: variables, file: file), 3, "command line"),
    ]
    for (input, port, source) in expected {
      let configuration = try Configuration(input)
      #expect(configuration.port(.rpc) == port)
      #expect(configuration.setting(name)?.source.description == source)
    }
  }

  @Test("an alias sets its key and reads it back")
  func alias() throws {
    let configuration = try Configuration(input(["alluxio.worker.memory.size=3MB"]))
    #expect(configuration.memoryQuota(memory: 1 << 40) == 3 << 20)
    #expect(configuration.setting("alluxio.worker.memory.size")?.text == "3MB")
    #expect(configuration.isSet("alluxio.worker.ramdisk.size"))
  }

  @Test("two spellings with one value agree and with two values are refused, both named")
  func conflict() throws {
    let one = "alluxio.worker.memory.size=1024"
    let agreed = try Configuration(input([one], file: "alluxio.worker.ramdisk.size=1KB"))
    #expect(agreed.memoryQuota(memory: 0) == 1024)
    let refused = problems(input([one], file: "alluxio.worker.ramdisk.size=2KB"))
    #expect(
      refused == [
        "alluxio.worker.memory.size=1024 (command line) and alluxio.worker.ramdisk.size=2KB"
          + " (conf/penstock-site.properties:1) are two spellings of one key with different values;"
          + " remove one"
      ])
    let secret = problems(input(["s3a.secretKey=abc", "aws.secretKey=def"]))
    #expect(secret.count == 1)
    #expect(secret.allSatisfy { !$0.contains("abc") && !$0.contains("def") })
  }

  @Test("every bad value is named with key, value, source and the accepted form")
  func badValues() {
    let found = problems(
      input(
        ["alluxio.worker.rpc.port=http"],
        environment: ["ALLUXIO_WORKER_PAGE_STORE_PAGE_SIZE": "-1MB"],
        file: "\nalluxio.worker.shutdown.timeout=-5s\nbroken=\\u1"))
    #expect(found.count == 4)
    #expect(
      found.contains(
        "alluxio.worker.rpc.port: 'http' (command line) is not accepted;"
          + " expected a port from 0 to 65535"))
    let zero = problems(input(["alluxio.worker.page.store.page.size=0"]))
    #expect(zero.count == 1)
    #expect(zero.allSatisfy { $0.contains("a power of two from 64.00KB to 16.00MB") })
    #expect(
      found.contains { $0.contains("'-1MB' (environment ALLUXIO_WORKER_PAGE_STORE_PAGE_SIZE)") })
    #expect(found.contains { $0.contains("'-5s' (conf/penstock-site.properties:2)") })
    #expect(found.contains { $0.hasPrefix("conf/penstock-site.properties:3: ") })
    #expect(problems(input(["nonsense"])) == ["-Dnonsense: expected -Dkey=value"])
    #expect(problems(input(["=x"])).count == 1)
    #expect(problems(input(["alluxio.worker.rpc.port="])).count == 1)
  }

  @Test("references are replaced, also by a variable's name and by unknown keys")
  func references() throws {
    let configuration = try Configuration(
      input(
        ["alluxio.home=/opt/p", "my.dir=${alluxio.home}/x"],
        file: """
          alluxio.work.dir=${my.dir}/${alluxio.cluster.name}
          alluxio.worker.hostname=a$b${c
          alluxio.locality.script=${ALLUXIO_HOME}/s
          """))
    #expect(configuration.string(.workDirectory) == "/opt/p/x/DefaultAlluxioCluster")
    #expect(
      configuration.string(.rootUFS) == "/opt/p/x/DefaultAlluxioCluster/underFSStorage")
    #expect(configuration.string(.hostname) == "a$b${c")
    #expect(configuration.setting("alluxio.locality.script")?.text == "/opt/p/s")
  }

  @Test("a cycle, an unknown name and an explosion of references are refused, not followed")
  func badReferences() {
    let cycle = problems(
      input(["alluxio.home=${alluxio.work.dir}", "alluxio.work.dir=${alluxio.home}"]))
    #expect(cycle.count == 1)
    #expect(cycle.allSatisfy { $0.contains("cycle: ") && $0.contains(" -> ") })
    #expect(problems(input(["alluxio.home=${alluxio.home}"])).count == 1)
    let unknown = problems(input(["alluxio.home=${alluxio.work.dri}"]))
    #expect(unknown.count == 1)
    #expect(unknown.allSatisfy { $0.contains("did you mean ${alluxio.work.dir}?") })
    let doubling = (1..<60).map { "k\($0)=${k\($0 - 1)}${k\($0 - 1)}" } + ["k0=0123456789"]
    #expect(!problems(input(doubling)).isEmpty)
    let chain = (1..<20_000).map { "k\($0)=${k\($0 - 1)}" } + ["k0=x"]
    #expect(!problems(input(chain.reversed())).isEmpty)
  }

  @Test("a reference to a key without a value leaves the default and warns")
  func unsetReference() throws {
    let configuration = try Configuration(
      input([
        "alluxio.worker.tieredstore.level0.dirs.quota=${alluxio.worker.ramdisk.size}",
        "alluxio.work.dir=${alluxio.worker.hostname}/x", "alluxio.home=/h",
      ]))
    #expect(configuration.string(.workDirectory) == "/h")
    #expect(configuration.setting("alluxio.worker.tieredstore.level0.dirs.quota") == nil)
    #expect(configuration.warnings.count { $0.description.contains("has no value") } == 2)
  }

  @Test("an unknown key is a warning with the nearest name, and keys of others are left alone")
  func unknownKeys() throws {
    let configuration = try Configuration(
      input(["alluxio.worker.rpc.prot=1", "log4j.rootLogger=INFO", "aluxio.home=/x"]))
    let texts = configuration.warnings.map(\.description)
    #expect(texts.count == 2)
    #expect(
      texts.contains(
        "unknown key alluxio.worker.rpc.prot (command line); did you mean alluxio.worker.rpc.port?"
      ))
    #expect(texts.contains { $0.contains("did you mean alluxio.home?") })
    #expect(configuration.setting("alluxio.worker.rpc.prot")?.text == "1")
  }

  @Test("of the environment, unknown ALLUXIO_ variables warn and those of launchers do not")
  func environment() throws {
    let configuration = try Configuration(
      input(environment: [
        "ALLUXIO_HOME": "/opt/alluxio", "ALLUXIO_JAVA_OPTS": "-Xmx1g", "PATH": "/bin",
        "ALLUXIO_WORKER_SERVICE_HOST": "10.0.0.1", "ALLUXIO_WORKER_PORT": "tcp://10.0.0.1:1",
        "ALLUXIO_WORKER_RPC_PORT": "tcp://10.0.0.1:29999", "ALLUXIO_WORKER_RPC_PROT": "1",
        "ALLUXIO_WORKER_WEB_PORT": "",
      ]))
    #expect(configuration.string(.confDirectory) == "/opt/alluxio/conf")
    #expect(configuration.port(.rpc) == 29999)
    #expect(configuration.port(.web) == 30000)
    let texts = configuration.warnings.map(\.description)
    #expect(texts.count == 2)
    #expect(
      texts.contains { $0.contains("ALLUXIO_WORKER_RPC_PROT") && $0.contains("did you mean") })
    #expect(texts.contains { $0.contains("service address") })
  }

  @Test("the later of two lines for one key counts and a warning names both")
  func setTwice() throws {
    let configuration = try Configuration(
      input(file: "alluxio.worker.rpc.port=1\nalluxio.worker.rpc.port=2"))
    #expect(configuration.port(.rpc) == 2)
    #expect(configuration.warnings.map(\.description).contains { $0.contains("set twice") })
  }

  @Test("a secret on the command line is a warning that does not repeat it, in a file it is none")
  func secretsShown() throws {
    let shown = try Configuration(input(["s3a.secretKey=s3cret"])).warnings.map(\.description)
    #expect(shown.count == 1)
    #expect(shown.allSatisfy { $0.contains("s3a.secretKey") && !$0.contains("s3cret") })
    #expect(try Configuration(input(file: "s3a.secretKey=s3cret")).warnings.isEmpty)
  }

  @Test("secrets are masked, also where a reference carries them")
  func secrets() throws {
    let configuration = try Configuration(
      input([
        "s3a.secretKey=hush", "alluxio.worker.hostname=${aws.secretKey}",
        "alluxio.master.mount.table.root.option.s3a.secretKey=hush", "fs.s3a.secret.key=hush",
      ]))
    for name in [
      "s3a.secretKey", "aws.secretKey", "alluxio.worker.hostname", "fs.s3a.secret.key",
      "alluxio.master.mount.table.root.option.s3a.secretKey",
    ] {
      #expect(configuration.setting(name)?.text == "hush")
      #expect(configuration.setting(name)?.shown == "******", "\(name)")
    }
  }

  @Test("paired lists of different lengths are refused")
  func pairs() {
    #expect(problems(input(["alluxio.worker.page.store.dirs=/a,/b"])).count == 1)
    let both = ["alluxio.worker.page.store.dirs=/a,/b", "alluxio.worker.page.store.sizes=1g,2g"]
    #expect(problems(input(both)).isEmpty)
    let tier = "alluxio.worker.tieredstore.level1.dirs."
    #expect(problems(input([tier + "path=/a,/b", tier + "quota=1g"])).count == 1)
    #expect(problems(input([tier + "path=/a,/b"])).isEmpty)
  }

  @Test("the memory quota follows ramdisk.size, then the sizes of a MEM store, then the memory")
  func memoryQuota() throws {
    let memory: Int64 = 2 << 30
    #expect(try Configuration(input()).memoryQuota(memory: memory) == memory / 4)
    #expect(try Configuration(input()).memoryQuota(memory: 1 << 40) == 1 << 30)
    let store = ["alluxio.worker.page.store.type=mem", "alluxio.worker.page.store.sizes=1g,2g"]
    #expect(try Configuration(input(store)).memoryQuota(memory: memory) == 3 << 30)
    let all = store + ["alluxio.worker.ramdisk.size=7m"]
    #expect(try Configuration(input(all)).memoryQuota(memory: memory) == 7 << 20)
    let huge = [
      "alluxio.worker.page.store.type=MEM", "alluxio.worker.page.store.sizes=8000p,8000p",
    ]
    #expect(try Configuration(input(huge)).memoryQuota(memory: memory) == .max)
  }

  @Test("a timer that is off never fires")
  func off() throws {
    let name = "alluxio.worker.http.idle.timeout"
    for text in ["-1", "Long.MAX_VALUE"] {
      #expect(try Configuration(input(["\(name)=\(text)"])).nanoseconds(.httpIdleTimeout) == .max)
    }
    #expect(try Configuration(input(["\(name)=2s"])).nanoseconds(.httpIdleTimeout) == 2_000_000_000)
  }
}
