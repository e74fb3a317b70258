// Results that are kept with the sources.

import DaemonDriver
import Glibc

/// Writes `Benchmarks/Results/<date>-<name>.md` below the current folder: `title` with the date, then `text`; returns its path.
///
/// With `json` also a file of the same name that ends in `.json`.
package func recordResult(
  _ name: String, title: String, _ text: String, json: String? = nil
) throws -> String {
  var now = time(nil)
  var parts = unsafe tm()
  unsafe gmtime_r(&now, &parts)
  let two = { (value: Int32) in value < 10 ? "0\(value)" : "\(value)" }
  let date = unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
  try makeDirectories("Benchmarks/Results")
  let path = "Benchmarks/Results/\(date)-\(name).md"
  try writeBytes(Array("# \(title), \(date)\n\n\(text)\n".utf8), to: path)
  if let json {
    try writeBytes(Array("\(json)\n".utf8), to: "Benchmarks/Results/\(date)-\(name).json")
  }
  return path
}
