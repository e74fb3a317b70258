import CLinux
import Model
import Testing

@testable import UFS

@Suite("A local version settles only when no write can hide behind it")
struct LocalVersionTests {
  private func status(
    length: UInt64 = 10, inode: UInt64 = 7, modified: (Int64, UInt32) = (100, 5),
    changed: (Int64, UInt32) = (200, 6)
  ) -> LocalStatus {
    var raw = statx()
    raw.stx_mode = UInt16(0o100644)
    raw.stx_size = length
    raw.stx_ino = inode
    raw.stx_mtime.tv_sec = modified.0
    raw.stx_mtime.tv_nsec = modified.1
    raw.stx_ctime.tv_sec = changed.0
    raw.stx_ctime.tv_nsec = changed.1
    return LocalStatus(raw)
  }

  @Test("mtime, size, inode and ctime each make another version")
  func token() {
    let base = status().version
    #expect(base == FileVersion(token: "100000000005-10-7-200000000006", length: 10))
    for other in [
      status(length: 11), status(inode: 8), status(modified: (100, 6)), status(changed: (200, 7)),
    ] {
      #expect(other.version != base)
    }
  }

  @Test("a version settles after two ticks and the time to write the file once")
  func settling() {
    let small = LocalVersion.settleTime(of: status().version)
    #expect(small == 200_000_000_006 + 20_000_000 + 40)
    let large = LocalVersion.settleTime(of: status(length: 1 << 30).version)
    #expect(large == 200_000_000_006 + 20_000_000 + 4 << 30)
    let huge = LocalVersion.settleTime(of: status(length: 1 << 50).version)
    #expect(huge == 200_000_000_006 + 20_000_000 + 8_600_000_000)
  }

  @Test("whole seconds come from coarse clocks, which take longer")
  func coarse() {
    let version = status(changed: (200, 0)).version
    #expect(LocalVersion.settleTime(of: version) == 200_000_000_000 + 2_100_000_000 + 40)
  }

  @Test("numbers from a broken file system do not trap")
  func extremes() {
    for seconds in [Int64.min, -1, 0, .max] {
      let version = status(
        length: .max, inode: .max, modified: (seconds, .max), changed: (seconds, .max)
      ).version
      #expect(LocalVersion.settleTime(of: version) >= Int64.min)
      #expect(version.length == .max)
    }
    for token in ["", "-", "x", "1-2-x"].dropFirst() {
      #expect(LocalVersion.settleTime(of: FileVersion(token: token, length: 0)) == .min)
    }
  }
}
