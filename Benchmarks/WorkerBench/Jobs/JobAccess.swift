// What is asked of a coordinator and its worker over REST.

import BenchSupport
import DaemonDriver
import Glibc

/// A client of a job service, for one thread.
final class JobAccess {
  /// Port of the coordinator's REST, and of the worker's operations.
  let web: UInt16
  let worker: UInt16
  private let connection: HTTPConnection

  /// Connects to a coordinator.
  init(_ web: UInt16, worker: UInt16) throws(DriverError) {
    self.web = web
    self.worker = worker
    connection = try HTTPConnection(port: web, seconds: 600)
  }

  /// Whether a worker has joined.
  func hasWorker() throws(DriverError) -> Bool {
    try connection.request("GET", "/api/v1/nodes").text.contains("ONLINE")
  }

  /// Submits a load.
  func submit(_ path: String) throws(DriverError) {
    let reply = try post("/api/v1/master/submit_job/load", path)
    guard reply.contains("\"isNew\":true") else { throw .program("submit \(path): \(reply)") }
  }

  /// Stops a load; returns when that was answered.
  func stop(_ path: String) throws(DriverError) {
    let reply = try post("/api/v1/master/stop_job/load", path)
    guard reply.contains("\"success\":true") else { throw .program("stop \(path): \(reply)") }
  }

  /// Drops what is cached below an Alluxio path.
  func free(_ path: String) throws(DriverError) {
    let port = try HTTPConnection(port: worker, seconds: 600)
    let body = "{\"path\":\(jsonText(path)),\"force\":\"true\"}"
    let reply = try port.request(
      "POST", "/v1/cache/free", headers: [("Content-Type", "application/json")],
      body: Array(body.utf8))
    // Nothing is cached before the first load.
    guard reply.status == 200 || reply.status == 404 else {
      throw .program("free \(path): \(reply.status) \(reply.text)")
    }
  }

  /// Where a load stands.
  func counts(_ path: String) throws(DriverError) -> JobFigures {
    let reply = try connection.request(
      "GET", "/api/v1/master/job_counts/load?path=\(percentEncoded(path: path))")
    guard reply.status == 200 else {
      throw .program("counts of \(path): \(reply.status) \(reply.text)")
    }
    return JobFigures(reply.text)
  }

  /// Asks every `pause` until the load has ended, and has `look` see each answer.
  func wait(
    _ path: String, pause: useconds_t, _ look: (JobFigures) throws -> Void = { _ in }
  ) throws -> JobFigures {
    while true {
      let figures = try counts(path)
      try look(figures)
      if figures.hasEnded { return figures }
      usleep(pause)
    }
  }

  /// Tasks of workers that have not ended.
  func taskCount() throws(DriverError) -> Int {
    Int(try readMetric("penstock_tasks", port: web) ?? 0)
  }

  private func post(
    _ target: String, _ path: String
  ) throws(DriverError) -> String {
    let reply = try connection.request(
      "POST", target, headers: [("Content-Type", "application/json")],
      body: Array("{\"path\":\(jsonText(path))}".utf8))
    guard reply.status == 200 else { throw .program("\(target): \(reply.status) \(reply.text)") }
    return reply.text
  }
}
