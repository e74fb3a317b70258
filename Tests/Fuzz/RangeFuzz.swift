// Fuzzes the Range parser: no input traps, and every selection lies inside the file.

/// Called by libFuzzer for each input: 8 bytes of a file's size, then the header's value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRange(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let input = unsafe UnsafeRawBufferPointer(start: data, count: size)
  guard size >= 8 else { return 0 }
  let length = unsafe input.loadUnaligned(as: Int64.self) & .max
  let value = unsafe UnsafeRawBufferPointer(rebasing: input[8...])
  let range = unsafe HTTPRange(value)
  let isBytes = unsafe value.starts(with: "bytes=")
  precondition(isBytes || range == .whole, "another unit is the whole")
  for size in [length, 0, 1, .max] {
    switch range.selection(ofSize: size) {
    case .whole: precondition(range == .whole, "only no range is the whole")
    case .unsatisfiable: precondition(range != .whole, "the whole is always there")
    case .part(let offset, let count):
      precondition(offset >= 0 && count > 0, "a part has bytes")
      precondition(offset <= size - count, "a part lies inside the file")
    }
  }
  let date = unsafe HTTPDate.parse(value)
  if let date, date >= 0, unsafe value[value.startIndex + 23] < 0x36 {
    // A leap second and a day beyond its month are other spellings of the next.
    let text = HTTPDate.text(date)
    precondition(unsafe Array(text.utf8).withUnsafeBytes { unsafe HTTPDate.parse($0) } == date)
  }
  return 0
}
