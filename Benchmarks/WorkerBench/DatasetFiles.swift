// The files of a dataset on the local disk.

import DaemonDriver
import Glibc

/// A regular file below a dataset's folder.
struct DatasetFile: Sendable {
  /// Path below the folder.
  let path: String
  /// Bytes.
  let size: Int
}

/// The regular files below `folder`, sorted by path; links are left out.
func regularFiles(below folder: String, _ prefix: String = "") throws -> [DatasetFile] {
  var files: [DatasetFile] = []
  for name in names(in: prefix.isEmpty ? folder : "\(folder)/\(prefix)") {
    let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
    var status = stat()
    guard unsafe lstat("\(folder)/\(path)", &status) == 0 else {
      throw DriverError.system(operation: "lstat", errno: errno)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: files.append(DatasetFile(path: path, size: Int(status.st_size)))
    case S_IFDIR: files += try regularFiles(below: folder, path)
    default: break
    }
  }
  return files
}

/// Bytes of the file at `path`, or nil when there is none.
func fileSize(_ path: String) -> Int? {
  var status = stat()
  return unsafe lstat(path, &status) == 0 ? Int(status.st_size) : nil
}

/// Writes the file's dirty pages and asks the kernel to forget its clean ones.
func evictFromPageCache(_ path: String) {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  defer { close(descriptor) }
  fdatasync(descriptor)
  posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
}

/// The SHA-256 of the file at `path`, in hexadecimal.
func digestOfFile(_ path: String) throws -> String {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw DriverError.system(operation: "open", errno: errno) }
  defer { close(descriptor) }
  var digest = RunningDigest()
  var part = [UInt8](repeating: 0, count: 1 << 20)
  while true {
    let count = unsafe read(descriptor, &part, part.count)
    guard count >= 0 else { throw DriverError.system(operation: "read", errno: errno) }
    if count == 0 { return digest.finish() }
    unsafe part[..<count].withUnsafeBytes { unsafe digest.update($0) }
  }
}
