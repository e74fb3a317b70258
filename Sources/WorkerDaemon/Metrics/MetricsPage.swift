// The Prometheus text format, version 0.0.4: families with help, type and samples.

/// A page of metrics under construction.
package struct MetricsPage {
  /// Counts by bucket, not yet cumulative, with the sum of all observations.
  package struct Histogram {
    var bounds: [UInt64]
    var counts: [UInt64]
    var sum: UInt64
  }

  /// The text so far.
  package private(set) var text = ""

  /// An empty page.
  package init() {}

  private mutating func family(_ name: String, _ help: String, _ type: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  private mutating func sample(
    _ name: String, _ labels: String, _ value: some CustomStringConvertible
  ) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  /// Adds a counter with one sample per label set (`key="value"`, or empty).
  package mutating func counter(_ name: String, _ help: String, _ samples: [(String, UInt64)]) {
    family(name, help, "counter")
    for (labels, value) in samples { sample(name, labels, value) }
  }

  /// Adds a gauge with one sample per label set.
  package mutating func gauge(_ name: String, _ help: String, _ samples: [(String, Int64)]) {
    family(name, help, "gauge")
    for (labels, value) in samples { sample(name, labels, value) }
  }

  /// Adds a gauge in seconds.
  package mutating func gauge(_ name: String, _ help: String, seconds: Double) {
    family(name, help, "gauge")
    sample(name, "", seconds)
  }

  /// Adds a histogram with one set of buckets per label set.
  package mutating func histogram(
    _ name: String, _ help: String, _ samples: [(String, Histogram)]
  ) {
    family(name, help, "histogram")
    for (labels, histogram) in samples {
      let prefix = labels.isEmpty ? "" : labels + ","
      var total: UInt64 = 0
      for (index, count) in histogram.counts.enumerated() {
        total &+= count
        let bound = index < histogram.bounds.count ? "\(histogram.bounds[index])" : "+Inf"
        sample("\(name)_bucket", "\(prefix)le=\"\(bound)\"", total)
      }
      sample("\(name)_sum", labels, histogram.sum)
      sample("\(name)_count", labels, total)
    }
  }

  /// A label's value with the characters escaped that the format reserves.
  package static func escape(_ value: String) -> String {
    var escaped = ""
    for character in value.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }
}
