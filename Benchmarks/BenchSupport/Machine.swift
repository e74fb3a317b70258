// What a result must say about where it was measured.

import DaemonDriver
import Glibc

/// The machine, the kernel, the commit and the company.
package struct Machine {
  /// Model, CPUs and memory.
  package let processor: String
  package let cpuCount: Int
  package let memory: String
  /// The running kernel, and the commit that is measured.
  package let kernel: String
  package let commit: String
  /// Load average and the processes that used a CPU noticeably just before.
  package let company: String

  /// Looks around; takes a second.
  package init() {
    let cpu = (try? readText("/proc/cpuinfo")) ?? ""
    processor =
      cpu.split(separator: "\n").first { $0.hasPrefix("model name") }
      .flatMap { $0.split(separator: ":").last }.map { String($0.drop { $0 == " " }) } ?? "unknown"
    cpuCount = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    memory = sizeText(sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)))
    kernel = Machine.trimmed(try? readText("/proc/sys/kernel/osrelease"))
    // The program was built where it lies; it may have been started elsewhere.
    commit = Machine.commit(of: [Machine.programFolder, "."])
    company = Machine.company()
  }

  /// The folder that this program lies in.
  package static var programFolder: String {
    var room = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &room, room.count - 1)
    let path = room.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
    return String(decoding: path.prefix(upTo: path.lastIndex(of: 0x2F) ?? 0), as: UTF8.self)
  }

  /// The commit of the first of `folders` that is of a repository; `unknown` without one.
  package static func commit(of folders: [String]) -> String {
    for folder in folders where !folder.isEmpty {
      guard let head = try? CommandRun(["git", "-C", folder, "rev-parse", "--short", "HEAD"]),
        head.succeeded
      else { continue }
      let changes = try? CommandRun(["git", "-C", folder, "status", "--porcelain", "-uno"]).output
      return trimmed(head.output) + (changes?.isEmpty ?? true ? "" : " with local changes")
    }
    return "unknown"
  }

  private static func trimmed(_ text: String?) -> String {
    (text ?? "unknown").split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown"
  }

  private static func company() -> String {
    let before = cpuTimes()
    usleep(1_000_000)
    let busy = cpuTimes().compactMap { pid, now -> String? in
      let used = now.seconds - (before[pid]?.seconds ?? now.seconds)
      return used >= 0.02 && pid != getpid() ? "\(now.name) \(fixed(used * 100, 0)) %" : nil
    }
    let load = (try? readText("/proc/loadavg"))?.split(separator: " ").prefix(3) ?? []
    let names = busy.isEmpty ? "nothing above 2 % of a CPU" : busy.sorted().joined(separator: ", ")
    return "load \(load.joined(separator: " ")); \(names)"
  }

  private static func cpuTimes() -> [pid_t: (name: String, seconds: Double)] {
    var times: [pid_t: (name: String, seconds: Double)] = [:]
    for pid in names(in: "/proc").compactMap({ pid_t($0) }) {
      guard let name = try? readText("/proc/\(pid)/comm") else { continue }
      times[pid] = (trimmed(name), ProcessFacts.cpuSeconds(pid))
    }
    return times
  }
}
