// The clients that users have today, each fetching one object: to nothing, or into a file that is then removed.

import DaemonDriver
import FaultProxy
import Glibc

/// Other programs at one origin.
struct IngestClients {
  /// `127.0.0.1:port`.
  let authority: String
  /// The object, below the bucket `bench`.
  let key: String
  let size: Int
  /// The folder of the programs made by the script; nil leaves out what lives there.
  let programs: String?
  /// The script of the Python clients.
  let script: String

  /// Every client, with its file in `folder`.
  func all(into folder: String) -> [Contestant] {
    let target = "\(folder)/ingested"
    var found = [
      Contestant(name: "curl") {
        try measured(["curl", "-sf", "-o", target, "http://\(authority)/bench/\(key)"], target)
      }
    ]
    guard let programs else { return found }
    let url = "http://\(authority)"
    if isThere("\(programs)/rclone") {
      let source =
        ":s3,provider=Other,endpoint='\(url)',access_key_id=a,secret_access_key=b:bench/\(key)"
      found.append(
        Contestant(name: "rclone, 8 streams") {
          try measured(
            [
              "\(programs)/rclone", "--config", "/dev/null", "copyto", source, target,
              "--multi-thread-streams", "8", "--s3-no-check-bucket", "--ignore-times",
            ], target)
        })
    }
    if isThere("\(programs)/s5cmd") {
      found.append(
        Contestant(name: "s5cmd") {
          try measured(
            ["\(programs)/s5cmd", "--endpoint-url", url, "cp", "s3://bench/\(key)", target], target)
        })
    }
    for (name, word) in [("minio-py, 8 × 16 MiB", "minio"), ("AWS CRT", "crt")]
    where isInstalled(programs, word) && (word != "crt" || NginxOrigin.headersModule != nil) {
      found.append(Contestant(name: name) { try python(programs, word, target) })
    }
    return found
  }

  /// curl throwing the bytes away.
  func curlToNothing(_ options: [String] = [], scheme: String = "http") -> Contestant {
    Contestant(name: "curl to nothing") {
      try measured(
        ["curl", "-sf", "-o", "/dev/null"] + options + ["\(scheme)://\(authority)/bench/\(key)"],
        nil)
    }
  }

  /// Clients that copy the whole folder of `content` into `folder`.
  func folders(_ content: ListingOrigin.Content, into folder: String) -> [Contestant] {
    guard let programs, isThere("\(programs)/s5cmd") else { return [] }
    let target = "\(folder)/copied/"
    return [
      Contestant(name: "s5cmd to tmpfs") {
        defer { _ = try? CommandRun(["rm", "-rf", target]) }
        try makeDirectories(target)
        var sample = try measured(
          [
            "\(programs)/s5cmd", "--endpoint-url", "http://\(authority)", "cp",
            "s3://bench/\(content.folder)*", target,
          ], nil)
        (sample.items, sample.bytes) = (content.count, content.count * content.size)
        return sample
      }
    ]
  }

  /// Clients that list the whole folder of `content`.
  func listing(_ content: ListingOrigin.Content) -> [Contestant] {
    guard let programs, isThere("\(programs)/s5cmd") else { return [] }
    return [
      Contestant(name: "s5cmd ls") {
        var sample = try measured(
          [
            "\(programs)/s5cmd", "--endpoint-url", "http://\(authority)", "ls",
            "s3://bench/\(content.folder)*",
          ], nil)
        (sample.items, sample.bytes) = (content.count, 0)
        return sample
      }
    ]
  }

  private func isThere(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

  private func isInstalled(_ programs: String, _ word: String) -> Bool {
    let module = word == "crt" ? "awscrt.s3" : "minio"
    return (try? CommandRun(["\(programs)/python", "-c", "import \(module)"]).succeeded) == true
  }

  /// The whole process is measured.
  private func measured(_ command: [String], _ target: String?) throws -> IngestSample {
    defer { if let target { _ = unsafe unlink(target) } }
    let cpu = IngestSample.childSeconds
    let start = ContinuousClock.now
    let run = try CommandRun(
      command, variables: Self.environment, limit: .seconds(300))
    let elapsed = ContinuousClock.now - start
    guard run.succeeded else {
      throw DriverError.program("\(command[0]): \(run.errors.suffix(500))\(run.output.suffix(500))")
    }
    if let target { try check(target) }
    return IngestSample(
      bytes: size,
      seconds: Double(elapsed.components.seconds)
        + Double(elapsed.components.attoseconds) * 1e-18,
      cpuSeconds: IngestSample.childSeconds - cpu)
  }

  /// The transfer alone is measured, by the script itself.
  private func python(_ programs: String, _ word: String, _ target: String) throws -> IngestSample {
    defer { _ = unsafe unlink(target) }
    let run = try CommandRun(
      ["\(programs)/python", script, word, authority, "bench", key, "\(size)", target],
      variables: Self.environment, limit: .seconds(300))
    let figures = run.output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    guard run.succeeded, figures.count == 2 else {
      throw DriverError.program("\(word): \(run.errors.suffix(500))")
    }
    try check(target)
    return IngestSample(bytes: size, seconds: figures[0], cpuSeconds: figures[1])
  }

  private func check(_ target: String) throws {
    var status = stat()
    guard unsafe stat(target, &status) == 0, status.st_size == size else {
      throw DriverError.program("\(target) has \(status.st_size) of \(size) bytes")
    }
  }

  /// Keys that the origin does not look at; no bundle of authorities of this machine.
  private static let environment = [
    "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1",
    "AWS_CA_BUNDLE": "",
  ]
}
