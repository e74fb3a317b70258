// Flags that the original does not have.

import ArgumentParser

/// What our test can do besides.
struct ExtraFlags: ParsableArguments {
  @Option(
    help: "write-read, write (leaves the files), read (finds them), or list (counts what is there)."
  )
  var mode = UFSIOTestPlan.Mode.writeRead
  @Option(help: "Bytes of each operation, a multiple of 4K.")
  var bufferSize = "1M"
  @Option(help: "Rings to run on; as many as CPUs, but not more than streams, when not given.")
  var rings: Int?
  @Flag(inversion: .prefixedNo, help: "Compare every byte read with what was written.")
  var verify = true
  @Flag(help: "Print percentiles of the operations' latencies.")
  var percentiles = false
  @Flag(
    help: """
      Measure the medium alone in the same run, in turns: the disk with O_DIRECT, or a bare socket to \
      the same endpoint; print the percentage reached. Local files leave the page cache before each turn.
      """)
  var ceiling = false
  @Option(name: .long, help: "Let curl or s5cmd read the same files in turns; may be repeated.")
  var compare: [Comparison] = []
  @Option(help: "Turns of each with --ceiling and --compare; medians are printed.")
  var rounds = 3
}

extension UFSIOTestPlan.Mode: ExpressibleByArgument {}
extension Comparison: ExpressibleByArgument {}
