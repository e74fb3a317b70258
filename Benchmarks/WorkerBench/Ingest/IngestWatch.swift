// What a process looked like while it worked.

/// The extremes of a worker's threads and memory.
struct IngestWatch {
  /// The fewest and the most threads.
  private(set) var threads = 0...0
  /// The most memory, in KiB.
  private(set) var residentMax = 0

  /// Takes notice of a moment.
  mutating func note(threads count: Int, resident: Int) {
    threads =
      threads.upperBound == 0
      ? count...count : min(threads.lowerBound, count)...max(threads.upperBound, count)
    residentMax = max(residentMax, resident)
  }
}
