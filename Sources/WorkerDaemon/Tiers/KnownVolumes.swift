// Which volume lay at which path the last time. When a disk is not mounted its mount point is an empty directory, on a file
// system that is meant for something else: without a memory a new volume would be made there, as large as the disk.
//
//   <work directory>/volumes     a line for each path:  volume-id device-number path
//
// A file that cannot be read is as good as none: it only guards against a mistake.

import Glibc
import PageStore
import Synchronization

/// The volumes that a worker had, by path.
final class KnownVolumes: Sendable {
  /// The name of a file beside `penstock` that says: this disk is a new one.
  static let newDiskFile = "penstock.new"
  private static let sizeMax = 1 << 20

  /// A volume as it was seen.
  struct Volume: Equatable {
    /// Its identity in hexadecimal digits.
    var id: String
    /// The number of the device that its directory lay on.
    var device: UInt64
  }

  private let file: String
  private let volumes: Mutex<[String: Volume]>

  /// What is remembered in the work directory `directory`; blocks.
  init(directory: String) {
    file = "\(directory)/volumes"
    guard case .read(let bytes) = FileBytes.read(file, max: Self.sizeMax) else {
      volumes = Mutex([:])
      return
    }
    volumes = Mutex(Self.parse(String(decoding: bytes, as: UTF8.self)))
  }

  static func parse(_ text: String) -> [String: Volume] {
    var volumes: [String: Volume] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 2)
      guard parts.count == 3, let device = UInt64(parts[1]) else { continue }
      volumes[String(parts[2])] = Volume(id: String(parts[0]), device: device)
    }
    return volumes
  }

  /// The volume that lay at `path` the last time.
  subscript(path: String) -> Volume? { volumes.withLock { $0[path] } }

  /// Why no volume may be made at `directory`, of `path`, now: the one that was there is gone, and so is its device; nil
  /// when one may.
  func refusal(path: String, directory: String) -> PageStoreError? {
    guard let known = self[path], unsafe access("\(directory)/penstock/pages", F_OK) != 0,
      unsafe access("\(directory)/\(Self.newDiskFile)", F_OK) != 0,
      let device = DirectoryFacts.identity(of: directory)?.device, device != known.device
    else { return nil }
    return PageStoreError(
      .volumeUnavailable, operation: "tiers.known",
      subject:
        "\(path) has not the volume \(known.id) that was here, and lies on another device: mount its"
        + " disk; if the disk is a new one, touch \(directory)/\(Self.newDiskFile)")
  }

  /// Why a volume that was at `path` once cannot be opened: nothing is there now; nil when something is, or none ever was.
  func absence(of path: String) -> String? {
    guard let known = self[path], unsafe access(path, F_OK) != 0 else { return nil }
    return
      "\(path), where the volume \(known.id) was, is not there: mount its disk; if a new disk is meant, make"
      + " the directory on it, and touch \(path)/\(Self.newDiskFile)"
  }

  /// Remembers that the volume `id` lies at `directory`, of `path`; false when that cannot be written; blocks.
  @discardableResult
  func remember(_ id: VolumeID, path: String, directory: String) -> Bool {
    guard let device = DirectoryFacts.identity(of: directory)?.device else { return false }
    _ = unsafe unlink("\(directory)/\(Self.newDiskFile)")
    let volume = Volume(id: "\(id)", device: device)
    // A path with a line's end in it would be read as two.
    guard !path.utf8.contains(UInt8(ascii: "\n")) else { return false }
    return volumes.withLock { volumes in
      guard volumes[path] != volume else { return true }
      volumes[path] = volume
      let text = volumes.sorted { $0.key < $1.key }
        .map { "\($1.id) \($1.device) \($0)\n" }.joined()
      return FileBytes.replace(file, with: Array(text.utf8)) == nil
    }
  }
}
