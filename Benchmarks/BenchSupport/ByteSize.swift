// Sizes as people write and read them; every unit is a power of 1024.

import ArgumentParser

/// A number of bytes given on the command line, such as `1GiB` or `64M`.
package struct ByteSize: ExpressibleByArgument {
  /// The number.
  package let bytes: Int

  /// A number of bytes.
  package init(bytes: Int) { self.bytes = bytes }

  /// The number as help shows it, in the largest unit that it is a multiple of.
  package var defaultValueDescription: String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")]
    let unit = units.first { bytes != 0 && bytes % (1 << $0.0) == 0 }
    return unit.map { "\(bytes >> $0.0)\($0.1)" } ?? "\(bytes)"
  }

  package init?(argument: String) {
    let digits = argument.prefix { $0.isNumber }
    let units = ["": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40]
    var unit = argument.dropFirst(digits.count).lowercased()
    for ending in ["ib", "b"] where unit.count > 1 && unit.hasSuffix(ending) {
      unit.removeLast(ending.count)
      break
    }
    guard let count = Int(digits), let shift = units[unit] else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: 1 << shift)
    guard !overflow else { return nil }
    self.bytes = bytes
  }
}

/// `bytes` in the largest unit that leaves at least one, with one decimal.
package func sizeText(_ bytes: Int) -> String {
  let units = ["B", "KiB", "MiB", "GiB", "TiB"]
  var value = Double(bytes)
  var unit = 0
  while value >= 1024, unit < units.count - 1 {
    value /= 1024
    unit += 1
  }
  return unit == 0 ? "\(bytes) B" : "\(fixed(value, 1)) \(units[unit])"
}

/// `value` with `digits` decimals.
package func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return "-" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = (value.magnitude * scale).rounded()
  guard scaled < 1e15 else { return "\(value)" }
  let text = String(Int(scaled))
  let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
  let sign = value < 0 && scaled > 0 ? "-" : ""
  return digits == 0
    ? sign + padded : sign + padded.dropLast(digits) + "." + padded.suffix(digits)
}

/// The middle of `values`; the mean of the two middle ones when their number is even.
package func middle(of values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// Seconds, as a floating-point number.
package func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
