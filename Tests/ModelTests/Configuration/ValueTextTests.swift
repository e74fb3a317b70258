// The texts of sizes, durations, numbers and booleans.

import Model
import Testing

@Suite("Values as text")
struct ValueTextTests {
  @Test(
    "a size is a number and a unit in powers of 1024, any case",
    arguments: [
      ("0", 0), ("1", 1), ("17b", 17), ("1k", 1 << 10), ("1KB", 1 << 10), ("1ki", 1 << 10),
      ("1KiB", 1 << 10), ("256MiB", 256 << 20), ("2G", 2 << 30), ("1GB", 1 << 30),
      ("512MB", 512 << 20), ("3tib", 3 << 40), ("1P", 1 << 50), ("0.5k", 512), (".5k", 512),
      ("1.5GB", 3 << 29), ("0.1KB", 102), (" 64mb ", 64 << 20), ("00012", 12),
      ("8191PB", 8191 << 50), ("9223372036854775807", Int64.max), ("0.0000000000000000001p", 0),
      ("0.99999999999999999999999999999999", 0),
    ] as [(String, Int64)])
  func sizes(text: String, size: Int64) {
    #expect(SizeText.parse(text) == size)
  }

  @Test(
    "a size that overflows, has a sign, or is no number is refused",
    arguments: [
      "", " ", "k", "GB", ".", ".k", "5.", "5.k", "-1", "+1", "1e3", "NaN", "inf", "0x10", "1 GB",
      "1XB", "1KBB", "1.2.3", "8192PB", "9223372036854775808", "99999999999999999999999PB",
      "18446744073709551615", "18446744073709551616", "８k", "1\u{0}", "1kİB", "Long.MAX_VALUE",
    ])
  func badSizes(text: String) {
    #expect(SizeText.parse(text) == nil)
  }

  @Test(
    "a printed size keeps its unit up to 5120 and has two decimals",
    arguments: [
      (0, "0B"), (3200, "3200B"), (5120, "5120B"), (5121, "5.00KB"), (5_242_880, "5120.00KB"),
      (5_242_881, "5.00MB"), (10_485_760, "10.00MB"), (5_368_709_120, "5120.00MB"),
      (1 << 43, "8.00TB"), (5120 << 50, "5120.00PB"), (Int64.max, "8.00EB"), (-7, "-7B"),
      (10_751, "10.50KB"), (1024 * 6 - 1, "6.00KB"),
    ] as [(Int64, String)])
  func printedSizes(size: Int64, text: String) {
    #expect(SizeText.print(size) == text)
  }

  @Test(
    "a duration is an integer and a unit, any case",
    arguments: [
      ("0", .zero), ("15", .milliseconds(15)), ("1000ms", .seconds(1)),
      ("2Millisecond", .milliseconds(2)), ("15s", .seconds(15)), ("30sec", .seconds(30)),
      ("1second", .seconds(1)), ("2min", .seconds(120)), ("1M", .seconds(60)),
      ("1minute", .seconds(60)), ("1H", .seconds(3600)), ("2hr", .seconds(7200)),
      ("1hour", .seconds(3600)), ("7d", .seconds(604_800)), ("2day", .seconds(172_800)),
      ("-1", .milliseconds(-1)), ("-1s", .seconds(-1)), ("+5s", .seconds(5)),
      ("Long.MAX_VALUE", .milliseconds(Int64.max)),
      ("9223372036854775807", .milliseconds(Int64.max)),
    ] as [(String, Duration)])
  func durations(text: String, duration: Duration) {
    #expect(DurationText.parse(text) == duration)
  }

  @Test(
    "a duration with decimals, an unknown unit or an overflow is refused",
    arguments: [
      "", "s", "-", "--1s", "-+1", "1.5s", "1 s", "1w", "1us", "2days", "NaN",
      "9223372036854775808", "106751991168d", "-9223372036854775808s", "long.max_value",
    ])
  func badDurations(text: String) {
    #expect(DurationText.parse(text) == nil)
  }

  @Test(
    "a number is finite and decimal",
    arguments: [
      ("0.95", 0.95), ("1.00", 1), ("-1", -1), ("2e3", 2000), (" 7 ", 7),
    ] as [(String, Double)])
  func numbers(text: String, number: Double) {
    #expect(NumberText.number(text) == number)
  }

  @Test(
    "what is not a finite decimal number is refused",
    arguments: ["", "NaN", "inf", "-infinity", "0x1p3", "1e999", "1,5", "e", "1 2"])
  func badNumbers(text: String) {
    #expect(NumberText.number(text) == nil)
  }

  @Test("a boolean reads in any case and nothing else is one")
  func booleans() {
    #expect(NumberText.boolean("TRUE") == true)
    #expect(NumberText.boolean(" False ") == false)
    for text in ["", "1", "yes", "on", "tru"] { #expect(NumberText.boolean(text) == nil) }
  }

  @Test("integers keep to their range and ports to 65535")
  func ranges() {
    let kind = ConfigurationKind.integer(1...10)
    #expect(kind.value(of: "10") == .integer(10))
    for text in ["0", "11", "", "1.0", "99999999999999999999"] {
      #expect(kind.value(of: text) == nil)
    }
    for text in ["0", "1023", "17MB"] {
      #expect(ConfigurationKind.sizeIn(1024...16 << 20).value(of: text) == nil)
    }
    #expect(ConfigurationKind.sizeIn(1024...16 << 20).value(of: "1KB") == .size(1024))
    let page = ConfigurationKind.powerOfTwo(64 << 10...16 << 20)
    #expect(page.value(of: "64KB") == .size(64 << 10) && page.value(of: "16m") == .size(16 << 20))
    for text in ["32KB", "32MB", "96KB", "0", "-1"] { #expect(page.value(of: text) == nil) }
    #expect(page.accepted.hasPrefix("a power of two from 64.00KB to 16.00MB"))
    #expect(ConfigurationKind.port.value(of: "65535") == .integer(65535))
    #expect(ConfigurationKind.port.value(of: "65536") == nil)
    #expect(ConfigurationKind.port.value(of: "-1") == nil)
    #expect(ConfigurationKind.number(0...1).value(of: "1.01") == nil)
    #expect(ConfigurationKind.duration(off: false).value(of: "-1") == nil)
    #expect(ConfigurationKind.duration(off: true).value(of: "-1") == .duration(.milliseconds(-1)))
  }

  @Test("lists are trimmed, sizes in a list are all checked, words are read in any case")
  func lists() {
    #expect(ConfigurationKind.list.value(of: " a, b ,,c,") == .list(["a", "b", "c"]))
    #expect(ConfigurationKind.list.value(of: "") == .list([]))
    #expect(ConfigurationKind.sizeList.value(of: "1k, 2k") == .sizes([1024, 2048]))
    #expect(ConfigurationKind.sizeList.value(of: "1k,,2k") == nil)
    #expect(ConfigurationKind.choice(["LOCAL", "MEM"]).value(of: "mem") == .text("MEM"))
    #expect(ConfigurationKind.choice(["LOCAL", "MEM"]).value(of: "ssd") == nil)
  }
}
