// Who the worker is, across restarts.

import Model
import Scheduler

/// The worker's UUID.
enum WorkerUUID {
  /// The UUID of `settings`: as configured, else that of its file, else a new one, which the file keeps.
  ///
  /// - Throws: `.configuration` for a text that is none, `.directory` when the file cannot be written.
  static func read(_ settings: WorkerSettings) throws(StartError) -> JobID {
    if !settings.identity.isEmpty {
      guard let id = JobID(settings.identity) else {
        throw StartError(
          .configuration,
          "\(Configuration.StringKey.identityUUID.rawValue) is no UUID: \(settings.identity)")
      }
      return id
    }
    if let text = readSmallFile(settings.identityFile),
      let id = JobID(text.filter { $0 != "\n" })
    {
      return id
    }
    let id = JobID(
      high: Coordinator.randomWord() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
      low: Coordinator.randomWord() >> 2 | 1 << 63)
    try writeSmallFile(settings.identityFile, "\(id)\n")
    return id
  }
}
