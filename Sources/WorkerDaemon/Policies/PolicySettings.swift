// What configuration says of cache policies, and how they are opened from it.

package import Model
import PageStore
import Ring

/// Settings of the cache policies.
package struct PolicySettings: Sendable {
  /// The cache filter's file; nil when there is no filter.
  package var filter: FilterFile?
  /// Interval at which that file is looked at.
  package var filterInterval: Duration
  /// Switches and times of the rules.
  package var rules: RuleBook.Options
  /// Share of the capacity that may be pinned.
  package var pinnedRatio: Double
  /// Directory of the catalog.
  package var metastoreDirectory: String
  /// Settings of the catalog's database.
  package var metastore: RocksCatalogStore.Options

  /// The settings of a configuration.
  package init(_ configuration: Configuration) {
    filter = FilterFile(configuration)
    filterInterval = configuration.duration(.cacheFilterCheckInterval)
    rules = RuleBook.Options()
    rules.statusValidity = configuration.duration(.ufsStatusValidity)
    rules.isTTLEnabled = configuration.boolean(.ttlEnabled)
    rules.isQuotaEnabled = configuration.boolean(.quotaEnabled)
    rules.ttlCheckInterval = configuration.duration(.ttlCheckInterval)
    pinnedRatio = configuration.number(.pinnedRatioMax)
    metastoreDirectory = configuration.string(.metastoreDirectory)
    metastore = RocksCatalogStore.Options()
    metastore.cacheSize = Int(clamping: configuration.size(.metastoreCacheSize))
    metastore.hasBloomFilter = configuration.boolean(.metastoreBloomFilter)
  }
}

/// Cache policies as they were opened.
struct OpenedPolicies {
  /// The policies.
  let policies: CachePolicies
  /// What keeps them.
  let keeper: PolicyKeeper
  /// What an operator has to look at.
  var complaints: [String] = []

  /// Opens the policies of a worker over `store`, whose pages outlive the process when `keepsPages`; blocks.
  ///
  /// Clients wait for the catalog for at most `answerLimit`, zero for ever.
  /// - Throws: `.configuration` for a cache filter that cannot be used, `.directory` for rules that cannot be read and for a
  ///   catalog that cannot be opened or does not answer.
  init(
    _ settings: PolicySettings, workDirectory: String, store: PageStore, keepsPages: Bool,
    answerLimit: Duration
  ) throws(StartError) {
    let file = RulesFile(directory: workDirectory)
    var rules = CacheRules()
    do throws(RuleError) {
      rules = try file.load()
    } catch  where error.code == .damaged {
      // Pages can be served without these rules; the file, the log and a metric say that they are gone.
      complaints.append(error.description)
    } catch {
      throw StartError(.directory, error.description)
    }
    let damaged = file.asides
    if complaints.isEmpty, let first = damaged.first {
      complaints.append(
        "\(first) holds rules that do not hold: set them again, then remove the file")
    }
    let stamp = settings.filter?.stamp
    if let filter = settings.filter {
      do throws(RuleError) {
        rules.filter = try filter.load()
      } catch {
        throw StartError(.configuration, error.description)
      }
    }
    // What is known of pages that end with the process need not outlive it either.
    var catalog = OpenedCatalog.temporary(directory: settings.metastoreDirectory)
    if keepsPages {
      let opened = try Self.catalog(settings, answerLimit)
      catalog = opened.store
      if let complaint = opened.complaint { complaints.append(complaint) }
    }
    let book = RuleBook(rules, options: settings.rules, file: file)
    policies = CachePolicies(
      store: store, book: book, catalog: FileCatalog(store: catalog),
      pinnedRatio: settings.pinnedRatio, damagedFiles: damaged, isRestoring: keepsPages,
      calls: try Self.calls(answerLimit))
    keeper = PolicyKeeper(
      policies, filter: settings.filter, stamp: stamp, filterInterval: settings.filterInterval)
  }

  private static func calls(_ limit: Duration) throws(StartError) -> MetastoreCalls {
    do throws(RingError) { return try MetastoreCalls(limit: limit) } catch {
      throw StartError(.system, "threads cannot be started: \(error.sentence)")
    }
  }

  /// Opens the catalog; a disk that does not answer ends the start with its name.
  private static func catalog(
    _ settings: PolicySettings, _ limit: Duration
  ) throws(StartError) -> OpenedCatalog {
    let (directory, key) = (
      settings.metastoreDirectory, Configuration.StringKey.metastoreDirectory.rawValue
    )
    let opening = try PatientCall<Result<OpenedCatalog, StartError>>(name: "metastore-open") {
      do throws(StartError) {
        return .success(
          try OpenedCatalog(directory: directory, key: key, options: settings.metastore))
      } catch {
        return .failure(error)
      }
    }
    guard let opened = opening.result(within: limit) else {
      throw StartError(
        .directory,
        "the disk of \(directory) (\(key)) does not answer: correct that, or set \(key) to a directory on another disk"
      )
    }
    return try opened.get()
  }
}
