// What the process tells about itself.

import Glibc
import Ring

/// The process's memory.
enum Figures {
  /// Bytes that the process had written to disks, dirtied pages of files among them.
  static var writtenBytes: Int {
    let text = SystemText.read("/proc/self/io") ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("write_bytes:") }
    return line.flatMap { Int($0.dropFirst("write_bytes: ".count)) } ?? 0
  }

  /// Resident anonymous memory in bytes, which the arenas (shared memory) are not part of.
  static var residentAnonymousBytes: Int {
    let text = SystemText.read("/proc/self/status") ?? ""
    for line in text.split(separator: "\n") where line.hasPrefix("RssAnon:") {
      let words = line.split(whereSeparator: \.isWhitespace)
      return words.count > 1 ? (Int(words[1]) ?? 0) * 1024 : 0
    }
    return 0
  }
}

extension Figures {
  /// CPU time of the process in nanoseconds.
  static var processCPU: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// The machine's monotonic clock.
enum AccessTime {
  /// CPU time of the calling thread in nanoseconds: what a busy machine's other work does not count in.
  static var thread: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// CLOCK_MONOTONIC in nanoseconds.
  static var now: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
