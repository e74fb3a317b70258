// What identifies the content of a local file, and from when on it does.
//
//   token = mtime_ns - size - inode - ctime_ns
//
// mtime and size change with every ordinary write. The inode tells a file apart from the one that took its name (`mv`,
// editors, our own writer) although a copy may keep size and mtime (`cp -p`, `rsync -t`, `tar`). ctime cannot be set by
// anybody: it catches writes hidden by utimes(2) and, set by link and unlink too, files replaced behind an open
// descriptor. The price: chmod and hard links make a new version of the same bytes, which costs a refill. The device is
// left out: its number changes with reboots.
//
// Racily clean. Kernels before 6.13, and some file systems still, stamp files with the time of the last timer tick, up
// to 10 ms old. Two writes within one tick leave the same token, so bytes read between them carry the token of the bytes
// that replaced them:
//
//        write 1          read            write 2
//   ─┬──────┼──────────────┼───────────────┼──────┬─▶      one tick: ctime is the same for both writes
//
// A version is therefore *settled* only once its ctime lies well behind the clock; bytes whose read began earlier are
// served but must not be cached. The kernel also stamps at the *start* of each write(2): one call that overwrites a
// large file in place leaves the token alone while it runs. Hence the time to write the file once is added to the tick.
// Not caught: a mapping written to without msync(2) while its pages stay dirty; the kernel stamps such a file once.

import Model

/// Versions of local files.
enum LocalVersion {
  /// Longest tick of a supported kernel (HZ = 100), twice.
  static let tick: Int64 = 20_000_000
  /// For file systems that keep whole or even seconds (FAT, some NFS servers).
  static let coarseTick: Int64 = 2_100_000_000
  /// The slowest in-place write(2) reckoned with: 256 MiB/s is 4 ns per byte.
  static let nanosecondsPerByte: Int64 = 4
  /// A write(2) moves less than 2 GiB; at the rate above that is 8.6 s.
  static let writeTimeMax: Int64 = 8_600_000_000

  /// How far a file server's clock may be behind ours.
  static let clockSkewMax: Int64 = 5_000_000_000

  /// The version of a file with this status.
  static func version(of status: LocalStatus) -> FileVersion {
    FileVersion(
      token:
        "\(status.modificationTime)-\(status.length)-\(status.inode)-\(status.changeTime)",
      length: status.length)
  }

  /// Wall-clock nanoseconds from which a version identifies its bytes; always, for a token that is not ours.
  static func settleTime(of version: FileVersion) -> Int64 {
    guard let cut = version.token.utf8.lastIndex(of: UInt8(ascii: "-")),
      let changed = Int64(version.token[version.token.utf8.index(after: cut)...])
    else { return .min }
    let isCoarse = changed % 1_000_000_000 == 0
    let (writing, overflow) = version.length.multipliedReportingOverflow(by: nanosecondsPerByte)
    let window =
      (isCoarse ? coarseTick : tick) + (overflow ? writeTimeMax : min(writing, writeTimeMax))
    let (settled, carry) = changed.addingReportingOverflow(window)
    return carry ? .max : settled
  }
}
