// Where a stress bench reads: a worker that is named, or one that is started for it.

import ArgumentParser
import DaemonDriver
import Glibc
import PenstockClient

/// The worker and the folder of a stress bench.
final class StressGround {
  /// The client's settings.
  let settings: [String]
  private let worker: DaemonProcess?
  private let scratch: ScratchDirectory?
  private let folder: String

  /// A worker with `folder` as a mount, unless `conf` names one.
  init(conf: [String], folder: String, daemon: String?, fileSize: Int) throws {
    self.folder = folder
    let names = ["workers=", "socket", "coordinator=", "conf=", "alluxio.", "roots="]
    if conf.contains(where: { setting in names.contains { setting.hasPrefix($0) } }) {
      (settings, worker, scratch) = (conf, nil, nil)
      return
    }
    let scratch = try ScratchDirectory("stress", in: "/dev/shm")
    try makeDirectories(scratch.path("data"))
    let memory = max(1 << 30, 4 * fileSize)
    let worker = try DaemonProcess(
      try daemon ?? besideThisProgram("penstockd"), ports: .free(),
      options: [
        "--mount", "\(folder)=file://\(scratch.path("data"))",
        "-Dalluxio.worker.page.store.type=MEM", "-Dalluxio.worker.page.store.sizes=\(memory)",
        "-Dpenstock.worker.page.store.memory.reserve=0",
        "-Dalluxio.worker.data.server.domain.socket.address=\(scratch.path("s"))",
      ])
    settings =
      conf + ["socket=\(scratch.path("s"))", "workers=127.0.0.1:\(worker.ports.rest)"]
    self.worker = worker
    self.scratch = scratch
  }

  /// Writes the plan's file to the under file system of its folder.
  func create(_ plan: StressPlan, with client: Client) throws {
    let ufsPath = try ufsPath(of: plan.path, with: client)
    guard ufsPath.hasPrefix("file://") else {
      throw ValidationError(
        "\(plan.path) is \(ufsPath): files are made in file:// only; make it and give --skip-creation"
      )
    }
    let path = String(ufsPath.dropFirst(7))
    try makeDirectories(path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" })
    try writeBytes(PlacedBytes(seed: plan.seed).bytes(0..<plan.fileSize), to: path)
  }

  /// The path in the under file system of `path`, by the nearest folder above it that is there.
  private func ufsPath(of path: String, with client: Client) throws -> String {
    var above = path.split(separator: "/").map(String.init)
    var below: [String] = []
    while !above.isEmpty {
      below.insert(above.removeLast(), at: 0)
      let folder = "/" + above.joined(separator: "/")
      guard let entries = try? client.list(folder) else { continue }
      if let status = try? client.status(folder), !status.ufsPath.isEmpty {
        return ([status.ufsPath] + below).joined(separator: "/")
      }
      // The socket does not say; an entry of the folder does.
      if let entry = entries.first(where: { !$0.ufsPath.isEmpty }) {
        let parent = entry.ufsPath.split(separator: "/", omittingEmptySubsequences: false)
          .dropLast()
        return (parent.map(String.init) + below).joined(separator: "/")
      }
      if let scratch {
        return "file://\(scratch.path("data"))/\(path.dropFirst(self.folder.count + 1))"
      }
    }
    throw ValidationError("\(path) is in no mount of the worker")
  }

  /// Says before anything is read whether `free` can be done.
  func checkFree() throws {
    guard worker != nil else {
      throw ValidationError(
        "--free is for a worker that is started here; else penstock job free does it")
    }
  }

  /// Has the worker forget the file's pages.
  func free(_ plan: StressPlan, with client: Client) throws {
    guard let worker else { return try checkFree() }
    let ufsPath = try ufsPath(of: plan.path, with: client)
    let response = try HTTPConnection(port: worker.ports.rest).request(
      "POST", "/v1/rm/-?ufsFullPath=\(ufsPath)&recursive=False&remove_alluxio_only=True")
    guard response.status < 400 else {
      throw DriverError.program("cannot free: \(response.status) \(response.text)")
    }
  }
}

/// The program `name` beside the one that runs.
func besideThisProgram(_ name: String) throws -> String {
  var room = [CChar](repeating: 0, count: 4096)
  let count = unsafe readlink("/proc/self/exe", &room, room.count - 1)
  let own = String(
    decoding: room.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  let path = "/" + (own.split(separator: "/").dropLast() + [Substring(name)]).joined(separator: "/")
  guard unsafe access(path, X_OK) == 0 else {
    throw ValidationError("no \(name) beside this program: name it with --daemon")
  }
  return path
}
