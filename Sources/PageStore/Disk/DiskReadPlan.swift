// Which bytes of a run one read asks for; pure, so that every shape has a test without a disk.

/// The I/O of one read: one transfer, or two when the trailer is not near.
struct DiskReadPlan: Equatable {
  /// Whole units to read to the start of the buffer, in bytes from the start of the run.
  var main: Range<Int>
  /// Whole units of the trailer to read besides; nil when `main` has them or nothing is verified.
  var trailer: Range<Int>?
  /// Bytes of the page that are verified: what `main` holds of them.
  var verified: Range<Int>

  /// A plan for `range` of a page of `length` bytes into a buffer of `capacity` bytes.
  ///
  /// A page without a trailer is read whole when it is to be verified.
  init(_ range: Range<Int>, length: Int, verify: Bool, capacity: Int) {
    precondition(!range.isEmpty && range.lowerBound >= 0, "a read has bytes")
    precondition(range.upperBound <= length, "a read ends inside its page")
    let unit = DiskLayout.unitSize
    let trailer = DiskLayout.trailer(length)
    let wanted = verify && trailer == nil ? 0..<length : range
    let start = wanted.lowerBound / unit * unit
    let end = DiskLayout.units(wanted.upperBound) * unit
    main = start..<end
    verified = verify ? start..<min(end, length) : start..<start
    if verify, let trailer, trailer.units.upperBound > end {
      if trailer.units.lowerBound - end <= DiskLayout.gapMax,
        trailer.units.upperBound - start <= capacity
      {
        main = start..<trailer.units.upperBound
      } else {
        self.trailer = trailer.units
      }
    }
    precondition(main.count <= capacity, "a buffer holds the units that a read touches")
  }
}
