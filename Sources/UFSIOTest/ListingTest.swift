// Walks everything below the path and counts: how many keys a second, and whether memory stays flat.

import Model
import Ring
import UFS

/// What a walk found.
package struct ListingResult: Sendable {
  /// Files and directories found.
  package var files = 0
  package var directories = 0
  /// Bytes of all files.
  package var bytes: Int64 = 0
  /// What it took.
  package var use = ResourceUse(nanoseconds: 0, cpuSeconds: 0)
  /// Resident memory in KiB before, and at its highest.
  package var residentBefore = 0
  package var residentMax = 0
  /// Why it ended early.
  package var error: UFSIOTestError?

  /// A line for people.
  package var line: String {
    let seconds = Double(use.nanoseconds) * 1e-9
    let rate = seconds > 0 ? Double(files + directories) / seconds : 0
    return "list: \(files) files and \(directories) directories, \(bytes) bytes in "
      + "\(decimal(seconds, 3)) s, \(decimal(rate, 0)) per second, \(decimal(use.cpuSeconds, 3)) CPU s; "
      + "resident \(residentBefore / 1024) MiB before, \(residentMax / 1024) MiB at most"
  }
}

extension UFSIOTest {
  /// Walks the path; blocks.
  package func list() -> ListingResult {
    let (ufs, stop) = (ground.mount.ufs, self.stop)
    let start = ResourceUse.now()
    let walked = ground.streams(1) { _ in await Self.walk(ufs, stop) }
    var result = walked.first ?? ListingResult()
    result.use = ResourceUse.now().since(start)
    result.residentMax = Self.status("VmHWM")
    return result
  }

  private static func walk(_ ufs: any UnderFileSystem, _ stop: StopFlag) async -> ListingResult {
    var result = ListingResult()
    result.residentBefore = status("VmRSS")
    do throws(UFSError) {
      let lister = try await ufs.walk("", UFSListing())
      while let batch = try await lister.next(max: 1000) {
        for entry in batch.entries {
          if entry.status.kind == .file {
            result.files += 1
            result.bytes += entry.status.length
          } else {
            result.directories += 1
          }
        }
        if let reason = stop.reason {
          result.error = UFSIOTestError(.stopped(reason))
          break
        }
      }
    } catch {
      result.error = UFSIOTestError(.ufs(error))
    }
    return result
  }

  /// A line of this process's status in KiB.
  private static func status(_ field: String) -> Int {
    let lines = (SystemText.read("/proc/self/status") ?? "").split(separator: "\n")
    let line = lines.first { $0.hasPrefix("\(field):") }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
  }
}
