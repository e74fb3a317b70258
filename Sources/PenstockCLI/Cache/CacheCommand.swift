// `penstock cache`: what a worker has cached, and by which rules.

import ArgumentParser

/// The group of commands about the cache of a worker.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Shows and rules the cache of a worker.",
    discussion: """
      Asks the running worker at its web port (alluxio.worker.web.port). Paths are Alluxio paths \
      such as /s3/data, or paths of an under file system in a mount such as s3://bucket/data; a rule \
      holds for a path and everything below it. Rules are this worker's own, kept in its work \
      directory.
      """,
    subcommands: [
      CacheStatusCommand.self, CacheListCommand.self, CacheFreeCommand.self, CachePinCommand.self,
      CacheUnpinCommand.self, CachePriorityCommand.self, CacheTTLCommand.self,
      CacheQuotaCommand.self, CacheScrubCommand.self,
    ])
}
