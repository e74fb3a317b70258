// The sample dataset: a plan of names and sizes, and bytes, all from one seed.

/// A small, fast generator whose stream is fixed by its seed (SplitMix64).
struct SampleGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}

/// One file of the sample.
struct SampleFile {
  /// Path below the dataset's folder.
  let path: String
  /// Bytes.
  let size: Int
  /// Where its content's random stream starts.
  let seed: UInt64
}

/// The files a sample of `size` bytes is made of.
///
/// Half of the bytes are in a few large files, the rest in ever smaller ones down to empty; the sizes
/// straddle page boundaries, and some names hold what clients get wrong.
func samplePlan(size: Int, seed: UInt64) -> [SampleFile] {
  var generator = SampleGenerator(seed: seed)
  let classes: [(share: Int, count: Int, name: @Sendable (Int) -> String)] = [
    (50, 4, { "train/shard-\($0).tar" }),
    (30, 24, { "images 01/photo & sketch \($0).bin" }),
    (15, 96, { "text/größe-\($0) 100%+.txt" }),
    (5, 300, { "small/\($0 % 10)/日本 \($0).json" }),
  ]
  var files = [
    SampleFile(path: "small/empty", size: 0, seed: 0),
    SampleFile(path: "small/one byte", size: 1, seed: seed),
  ]
  var rest = size - 1
  for (place, part) in classes.enumerated() {
    let isLast = place == classes.count - 1
    var budget = isLast ? rest : size / 100 * part.share
    rest -= budget
    for index in 0..<part.count {
      let mean = budget / (part.count - index)
      let spread = max(1, mean / 2)
      let size =
        index == part.count - 1
        ? budget : mean - spread / 2 + Int.random(in: 0..<spread, using: &generator)
      budget -= size
      files.append(SampleFile(path: part.name(index), size: size, seed: generator.next()))
    }
  }
  return files
}

/// Fills `page` with the bytes that follow in `generator`'s stream.
func fill(_ page: inout [UInt64], with generator: inout SampleGenerator) {
  for index in page.indices { page[index] = generator.next() }
}
