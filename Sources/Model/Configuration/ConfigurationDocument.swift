// The reference page of all keys, as Markdown. `docs/configuration.md` is this text; a test says so.

/// Writes the registry down for people.
package enum ConfigurationDocument {
  /// The whole page, ending in a line feed.
  package static func markdown(of registry: ConfigurationRegistry = .standard) -> String {
    var page = introduction
    for area in ConfigurationArea.allCases {
      let keys = registry.keys.filter { $0.area == area }
      guard !keys.isEmpty else { continue }
      page += "\n## \(area.rawValue)\n\n"
      page += "| key | kind | default | used | what it does |\n|---|---|---|---|---|\n"
      for key in keys { page += row(key) }
    }
    return page + rules
  }

  /// One row of a table.
  private static func row(_ key: ConfigurationKey) -> String {
    let aliases = key.aliases.map { "<br>= `\($0)`" }.joined()
    let secret = key.isSensitive ? " Shown as `******`." : ""
    return "| `\(key.name)`\(aliases) | \(key.kind.label) | \(defaultCell(key)) "
      + "| \(key.isRead ? "yes" : "–") | \(key.summary)\(secret) |\n"
  }

  private static func defaultCell(_ key: ConfigurationKey) -> String {
    guard let text = key.defaultText else { return "–" }
    return text.isEmpty ? "empty" : "`\(text)`"
  }

  private static let introduction = """
    # Configuration

    <!-- Written by `penstock conf docs`; a test compares. Edit Sources/Model/Configuration. -->

    A value comes from the first of these that has one:

    1. the command line, `-Dkey=value`;
    2. the environment: the key in upper case with `_` for `.`, such as `ALLUXIO_WORKER_RPC_PORT`; \
    an empty variable counts as not set;
    3. `penstock-site.properties`, or `alluxio-site.properties`, in the directory that `--conf` \
    names, else `ALLUXIO_CONF_DIR`, else `${alluxio.home}/conf`, else `./conf`;
    4. the default below.

    `penstock conf list --source` prints each effective value and where it came from. An unknown \
    `alluxio.…` or `penstock.…` key is a warning. A value that is not of its key's kind, and two spellings of one \
    key with different values, stop the start. Keys whose column *used* has a dash are accepted and \
    checked, and have no effect in this version.

    | kind | form |
    |---|---|
    | size | number, decimals allowed, and unit, any case: none or `b`; `k kb ki kib`; same for m, \
    g, t, p. All powers of 1024, `KB` and `GB` too |
    | duration | integer and unit, any case: none, `ms`, `millisecond`; `s sec second`; \
    `m min minute`; `h hr hour`; `d day`; `Long.MAX_VALUE` is off; negative is off where the key \
    says so |
    | boolean | `true` or `false`, any case |
    | list, sizes | separated by commas; lists that belong together have the same length |
    | reference | `${other.key}` in any value becomes the value of that key; `${ALLUXIO_HOME}` \
    works for `${alluxio.home}` |

    Families of spellings: `alluxio.coordinator.X` = `alluxio.master.X`, `alluxio.underfs.s3a.X` = \
    `alluxio.underfs.s3.X`, `alluxio.proxy.s3.X` = `alluxio.worker.s3.X`.

    """

  private static let rules = """

    ## Tiers and volumes

    Of the two families of keys one counts: `alluxio.worker.tieredstore.levelN.…` when a `dirs.path` or \
    a `dirs.quota` of it is set, else `alluxio.worker.page.store.{dirs,sizes}` when one of them is set \
    and the type is `LOCAL`. With neither, pages live in memory alone; the default directory is not \
    used. A path of medium `MEM` is only a name: pages live in the daemon's own memory. Tiers are used \
    in the order MEM, SSD, HDD; a level may mix mediums. [operations](operations.md) has examples.

    ## Size of the memory tier

    The sum of the `MEM` volumes' quotas, if the tiered-store keys name any. Else \
    `alluxio.worker.ramdisk.size` if set; else the sum of `alluxio.worker.page.store.sizes` if \
    `alluxio.worker.page.store.type` is `MEM`; else, in front of volumes on disk, \
    `penstock.worker.page.store.landing.size`; else 1 GiB or a quarter of the memory that the \
    process may use, whichever is less.

    """
}
