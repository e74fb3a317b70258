// What /proc says of a process.

package import Glibc

/// Reads one process's figures from /proc.
package enum ProcessFacts {
  /// CPU seconds, user and system, of a process and its present children.
  package static func cpuSeconds(_ pid: pid_t) -> Double {
    ([pid] + children(of: pid)).reduce(0) { $0 + ownSeconds($1) }
  }

  /// A line of /proc/PID/status in KiB, such as `VmRSS` or `RssShmem`; 0 when it is not there.
  package static func kibibytes(_ field: String, of pid: pid_t) -> Int {
    guard let text = try? readText("/proc/\(pid)/status") else { return 0 }
    for line in text.split(separator: "\n") where line.hasPrefix("\(field):") {
      return Int(line.split { !$0.isNumber }.first ?? "") ?? 0
    }
    return 0
  }

  /// Open descriptors of a process.
  package static func descriptorCount(_ pid: pid_t) -> Int {
    guard let folder = unsafe opendir("/proc/\(pid)/fd") else { return 0 }
    defer { unsafe closedir(folder) }
    var count = 0
    while unsafe readdir(folder) != nil { count += 1 }
    return max(0, count - 2)
  }

  /// A thread of a process.
  package struct ThreadFacts: Sendable {
    /// Its name, of 15 bytes at most.
    package let name: String
    /// How nice it is to others.
    package let niceness: Int
    /// Nanoseconds that it was on a CPU.
    package let nanoseconds: UInt64
  }

  /// The threads of a process.
  package static func threads(_ pid: pid_t) -> [ThreadFacts] {
    guard let folder = unsafe opendir("/proc/\(pid)/task") else { return [] }
    defer { unsafe closedir(folder) }
    var threads: [ThreadFacts] = []
    while let entry = unsafe readdir(folder) {
      let number = unsafe withUnsafePointer(to: &entry.pointee.d_name.0) {
        unsafe String(cString: $0)
      }
      let place = "/proc/\(pid)/task/\(number)"
      // A thread may end meanwhile.
      guard pid_t(number) != nil, let stat = try? readText("\(place)/stat"),
        let times = try? readText("\(place)/schedstat"),
        let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")")
      else { continue }
      // After the name in parentheses: state is field 3, nice 19.
      let fields = stat[stat.index(after: close)...].split(separator: " ")
      guard fields.count > 16, let niceness = Int(fields[16]),
        let nanoseconds = times.split(separator: " ").first.flatMap({ UInt64($0) })
      else { continue }
      threads.append(
        ThreadFacts(
          name: String(stat[stat.index(after: open)..<close]), niceness: niceness,
          nanoseconds: nanoseconds))
    }
    return threads
  }

  private static func children(of pid: pid_t) -> [pid_t] {
    let text = (try? readText("/proc/\(pid)/task/\(pid)/children")) ?? ""
    return text.split(separator: " ").compactMap { pid_t($0) }
  }

  private static func ownSeconds(_ pid: pid_t) -> Double {
    guard let text = try? readText("/proc/\(pid)/stat"),
      let name = text.lastIndex(of: ")")
    else { return 0 }
    // After the name in parentheses: state is field 3, utime 14, stime 15.
    let fields = text[text.index(after: name)...].split(separator: " ")
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
      return 0
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
