// One connection that reads and compares.

import DaemonDriver
import Glibc

/// Reads files through the worker's object port and holds every byte against what was written.
struct CrashReader {
  /// What one read came to.
  enum Outcome {
    /// Every byte was right; nil stands for a read that the file's change ended, as it should.
    case right(bytes: Int?)
    /// So many bytes were not what any version of that time has.
    case wrong(bytes: Int, what: String)
    /// No answer, or one that says no.
    case failed(String)
  }

  let data: CrashData
  let port: UInt16
  private var connection: HTTPConnection?

  init(data: CrashData, port: UInt16) {
    self.data = data
    self.port = port
  }

  /// Reads `range` of a file, the whole file without one.
  mutating func read(_ file: Int, _ range: Range<Int>? = nil) -> Outcome {
    let before = data.current(of: file).lowerBound
    var body: [UInt8] = []
    var status = 0
    var failure: DriverError?
    do throws(DriverError) {
      let connection = try connected()
      let headers = range.map { [("Range", "bytes=\($0.lowerBound)-\($0.upperBound - 1)")] }
      try connection.sendRequest("GET", "/data/\(data.name(of: file))", headers: headers ?? [])
      let response = try connection.receiveHead()
      status = response.status
      unsafe try connection.receiveBody(of: response) { unsafe body.append(contentsOf: $0) }
    } catch {
      failure = error
      connection = nil
    }
    let versions = before...data.current(of: file).upperBound
    return judge(file, range, versions, status: status, body, failure)
  }

  private mutating func connected() throws(DriverError) -> HTTPConnection {
    if let connection { return connection }
    let new = try HTTPConnection(port: port)
    connection = new
    return new
  }

  private func judge(
    _ file: Int, _ range: Range<Int>?, _ versions: ClosedRange<Int>, status: Int, _ body: [UInt8],
    _ failure: DriverError?
  ) -> Outcome {
    let what = "file \(file), \(range.map { "\($0)" } ?? "whole"), versions \(versions)"
    let start = range?.lowerBound ?? 0
    let isShorter = versions.contains { data.length(of: file, $0) <= start }
    switch status {
    case 200, 206:
      // What came before a connection broke counts as well.
      let wrong = data.countOfWrongBytes(
        in: body, of: file, versions, from: start, to: range?.upperBound ?? .max,
        isWhole: failure == nil)
      if wrong > 0 {
        return .wrong(bytes: wrong, what: "\(what): \(wrong) of \(body.count) bytes are wrong")
      }
      guard let failure else { return .right(bytes: body.count) }
      return versions.count > 1 ? .right(bytes: nil) : .failed("\(what): \(failure)")
    case 416 where isShorter: return .right(bytes: 0)
    case 500... where versions.count > 1: return .right(bytes: nil)
    default:
      return .failed("\(what): \(failure.map { "\($0)" } ?? "status \(status)")")
    }
  }
}
