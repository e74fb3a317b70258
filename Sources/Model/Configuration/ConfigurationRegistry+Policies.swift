// Keys of cache policies: filter, time to live, quota, pins.

extension ConfigurationRegistry {
  /// What may be cached, for how long, how much.
  static let policyKeys = rows(
    .cachePolicy,
    [
      .init(
        "alluxio.user.client.cache.filter.class", .string, "DefaultCacheFilter",
        "Name of the filter in the style of 2.x."),
      .init(
        "alluxio.user.client.cache.filter.config-file", .path,
        "${alluxio.conf.dir}/cache_filter.properties", "Rules of the filter of 2.x."),
      .init(
        "alluxio.user.client.cache.filter.enabled", .boolean, "false",
        "Decides by rules what is cached and for how long it is fresh."),
      .init(
        "alluxio.user.client.cache.filter.type", .choice(["RULE_SET"]), "RULE_SET",
        "Kind of the rules."),
      .init(
        "alluxio.user.client.cache.filter.config.file", .path,
        "${ALLUXIO_HOME}/conf/cache_filter.json", "The rules."),
      .init(
        "alluxio.user.client.cache.filter.config.check.interval", .duration, "5min",
        "Interval at which changed rules are looked for."),
      .init("alluxio.ttl.policy.enabled", .boolean, "false", "Evicts by age."),
      .init(
        "alluxio.ttl.eviction.check.interval", .duration, "1h",
        "Interval at which aged data is looked for."),
      .init(
        "penstock.worker.page.store.pinned.ratio.max", .ratio, "0.8",
        "Share of the cache that pinned files may hold."),
      .init("alluxio.quota.enabled", .boolean, "false", "Limits what directories may hold."),
    ])
}
