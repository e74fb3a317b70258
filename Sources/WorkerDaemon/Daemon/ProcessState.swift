// What the kernel says about this process: memory, descriptors, threads, CPU time.

import Glibc

/// Numbers of this process, for its metrics.
package struct ProcessState: Sendable {
  /// Resident bytes.
  package var residentBytes: Int64 = 0
  /// Open descriptors.
  package var descriptorCount: Int64 = 0
  /// Threads.
  package var threadCount: Int64 = 0
  /// CPU seconds used, user and system.
  package var cpuSeconds: Double = 0

  /// The numbers now.
  package static func current() -> ProcessState {
    var state = ProcessState()
    for line in readText("/proc/self/status").split(separator: "\n") {
      let fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == ":" })
      guard fields.count > 1, let value = Int64(fields[1]) else { continue }
      if fields[0] == "VmRSS" { state.residentBytes = value * 1024 }
      if fields[0] == "Threads" { state.threadCount = value }
    }
    if let directory = unsafe opendir("/proc/self/fd") {
      while unsafe readdir(directory) != nil { state.descriptorCount += 1 }
      unsafe closedir(directory)
      // `.`, `..` and the directory itself.
      state.descriptorCount -= 3
    }
    var usage = rusage()
    if unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
      let micros = Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
      state.cpuSeconds =
        Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + micros / 1_000_000
    }
    return state
  }

  /// Raises the limit of open descriptors to what is allowed; returns it.
  @discardableResult
  package static func raiseDescriptorLimit() -> UInt64 {
    var limit = rlimit()
    let which = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(which, &limit) == 0 else { return 0 }
    if limit.rlim_cur < limit.rlim_max {
      limit.rlim_cur = limit.rlim_max
      _ = unsafe setrlimit(which, &limit)
      _ = unsafe getrlimit(which, &limit)
    }
    return UInt64(limit.rlim_cur)
  }

  /// Bytes of memory of the machine.
  package static var machineMemory: Int64 {
    Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static func readText(_ path: String) -> String {
    let fd = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return "" }
    defer { Glibc.close(fd) }
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = unsafe Glibc.read(fd, &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }
}
