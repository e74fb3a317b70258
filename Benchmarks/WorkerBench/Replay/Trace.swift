// A trace of reads: who asked for which bytes of which file, in order.
//
//   time,file,offset,length          the header line, as it stands here
//   0,train/0007,0,1048576           microseconds since the start; file, with quotes around it when it has a comma;
//   813,train/0007,1048576,1048576   offset and length in bytes

/// Reads in the order they were asked for.
struct Trace: Equatable {
  /// One read.
  struct Request: Equatable {
    /// Microseconds since the trace's start; never less than that of the request before.
    var time: UInt64
    /// Index of the file in `files`.
    var file: Int
    /// First byte.
    var offset: Int
    /// Bytes, at least 1.
    var length: Int
  }

  /// A name that equals another when their bytes do; strings compare letters, however these are composed.
  private struct ExactName: Hashable {
    let text: String

    static func == (left: ExactName, right: ExactName) -> Bool {
      left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
      for byte in text.utf8 { hasher.combine(byte) }
    }
  }

  /// The names of the files, in the order they appear.
  private(set) var files: [String] = []
  /// Bytes of each file, as far as any request reaches.
  private(set) var lengths: [Int] = []
  /// The reads.
  private(set) var requests: [Request] = []
  private var numbers: [ExactName: Int] = [:]

  /// Bytes asked for.
  var byteCount: Int { requests.reduce(0) { $0 + $1.length } }

  /// Adds a read of `length` bytes of `file` from `offset`.
  mutating func append(time: UInt64, file: String, offset: Int, length: Int) {
    precondition(length > 0, "a read has a byte")
    precondition(offset >= 0 && offset <= .max - length, "a read ends in the number range")
    precondition(time >= requests.last?.time ?? 0, "time never goes back")
    let number = numbers[ExactName(text: file)] ?? files.count
    if number == files.count {
      numbers[ExactName(text: file)] = number
      files.append(file)
      lengths.append(0)
    }
    lengths[number] = max(lengths[number], offset + length)
    requests.append(Request(time: time, file: number, offset: offset, length: length))
  }
}
