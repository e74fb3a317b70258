// One metric with its labels.

/// The samples of the metric `name` on the web port of `port`, by their labels as printed.
package func readSamples(_ name: String, port: UInt16) throws(DriverError) -> [String: Double] {
  let response = try HTTPConnection(port: port).request("GET", "/metrics")
  guard response.status == 200 else { throw .malformed("/metrics: \(response.status)") }
  var samples: [String: Double] = [:]
  for line in response.text.split(separator: "\n") where line.hasPrefix("\(name){") {
    guard let end = line.lastIndex(of: "}"), let value = Double(line[end...].dropFirst(2)) else {
      throw .malformed("\(line)")
    }
    samples[String(line[..<end].dropFirst(name.count + 1))] = value
  }
  return samples
}

extension DaemonProcess {
  /// The sample of the metric `name` whose labels have all of `labels` in them; nil when there is none.
  package func metric(_ name: String, _ labels: String...) throws(DriverError) -> Double? {
    try readSamples(name, port: ports.web).first { sample in
      labels.allSatisfy { sample.key.contains($0) }
    }?.value
  }
}
