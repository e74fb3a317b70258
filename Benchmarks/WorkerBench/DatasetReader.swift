// Several threads that read a list of files through a worker.

import DaemonDriver
import Synchronization

/// The work shared by the threads of one reading pass.
final class DatasetReader: Sendable {
  private let port: UInt16
  private let prefix: String
  private let files: [DatasetFile]
  private let verify: Bool
  private let next = Atomic(0)
  private let received = Atomic(0)
  private let results: Mutex<Results>

  private struct Results {
    var digests: [String]
    var failure: DriverError?
  }

  /// A pass over `files`, which the worker knows below `prefix`; digests are taken if `verify`.
  init(port: UInt16, prefix: String, files: [DatasetFile], verify: Bool) {
    self.port = port
    self.prefix = prefix
    self.files = files
    self.verify = verify
    results = Mutex(Results(digests: Array(repeating: "", count: files.count)))
  }

  /// Bytes received so far.
  var byteCount: Int { received.load(ordering: .relaxed) }

  /// The files' digests, in the order of the files.
  var digests: [String] { results.withLock { $0.digests } }

  /// Throws what the first failing thread met.
  func checkFailure() throws {
    if let failure = results.withLock({ $0.failure }) { throw failure }
  }

  /// Takes file after file until none is left or one fails.
  func work() {
    do throws(DriverError) {
      let connection = try HTTPConnection(port: port, seconds: 120)
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < files.count, results.withLock({ $0.failure == nil }) else { return }
        let digest = try read(files[index], over: connection)
        results.withLock { $0.digests[index] = digest }
      }
    } catch {
      results.withLock { $0.failure = $0.failure ?? error }
    }
  }

  private func read(
    _ file: DatasetFile, over connection: HTTPConnection
  ) throws(DriverError) -> String {
    let target = percentEncoded(path: "\(prefix)/\(file.path)")
    try connection.sendRequest("GET", target)
    let response = try connection.receiveHead()
    var digest = RunningDigest()
    var count = 0
    unsafe try connection.receiveBody(of: response) { part in
      if verify { unsafe digest.update(part) }
      count += part.count
      received.add(part.count, ordering: .relaxed)
    }
    guard response.status == 200, count == file.size else {
      throw .program("\(file.path): status \(response.status), \(count) of \(file.size) bytes")
    }
    return verify ? digest.finish() : ""
  }
}
