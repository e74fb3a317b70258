// What waits for which completion. A slot's generation travels in `user_data`, so a completion that comes after its
// slot was given to somebody else is recognised, counted and dropped.
//
//   user_data   63 ........ 32 | 31 ......... 0
//               generation     | slot index
//
// The values with all upper bits set are reserved: `wake` and `ignored`.

import CLinux

/// Receives the completions of a multishot operation, on the reactor's thread.
package class CompletionHandler {
  package init() {}
  /// One completion; `isLast` says that the kernel will send no more for this submission.
  package func complete(_ completion: Completion, isLast: Bool) {
    preconditionFailure("a completion handler overrides complete")
  }
}

/// Receives the one completion of an operation that nobody awaits, on the reactor's thread; may be used again afterwards.
package final class OneShot: CompletionHandler {
  private let body: (Int32) -> Void

  /// A receiver that gives the result to `body`.
  package init(_ body: @escaping (Int32) -> Void) { self.body = body }

  package override func complete(_ completion: Completion, isLast: Bool) {
    body(completion.result)
  }
}

/// Slots of operations in flight; confined to its reactor's thread.
@safe struct OperationTable: ~Copyable {
  /// user_data of the eventfd read that wakes the reactor.
  static let wake = UInt64.max
  /// user_data of entries whose completion means nothing to anybody (cancels, linked timeouts).
  static let ignored = UInt64.max - 1

  /// One slot: a one-shot continuation, or a multishot handler, or free.
  @safe struct Slot {
    var continuation: UnsafeContinuation<Completion, Never>?
    var handler: Unmanaged<CompletionHandler>?
    var timeout: __kernel_timespec
    var generation: UInt32
    var nextFree: Int32
  }

  /// What a completion belongs to.
  @safe enum Owner {
    case continuation(UnsafeContinuation<Completion, Never>)
    case handler(CompletionHandler)
    case stale
  }

  let capacity: Int
  private let slots: UnsafeMutablePointer<Slot>
  private var firstFree: Int32 = -1
  /// Slots below this mark were used at least once; those above are untouched memory.
  private var highWater = 0
  private(set) var inFlightCount = 0
  private(set) var staleCount: UInt64 = 0

  init(capacity: Int) {
    precondition(capacity > 0, "a table has slots")
    precondition(capacity < Int(Int32.max), "a slot index fits 31 bits")
    self.capacity = capacity
    unsafe slots = .allocate(capacity: capacity)
  }

  deinit { unsafe slots.deallocate() }

  var isFull: Bool { inFlightCount == capacity }

  private mutating func take() -> Int {
    precondition(!isFull, "a slot is free")
    inFlightCount += 1
    if firstFree >= 0 {
      let index = Int(firstFree)
      firstFree = unsafe slots[index].nextFree
      return index
    }
    let index = highWater
    highWater += 1
    unsafe (slots + index).initialize(
      to: Slot(
        continuation: nil, handler: nil, timeout: __kernel_timespec(), generation: 1, nextFree: -1))
    return index
  }

  /// Takes a slot for a one-shot operation and returns its user_data.
  @inline(__always)
  mutating func add(_ continuation: UnsafeContinuation<Completion, Never>) -> UInt64 {
    let index = take()
    unsafe slots[index].continuation = unsafe continuation
    return unsafe UInt64(slots[index].generation) << 32 | UInt64(index)
  }

  /// Takes a slot for a multishot operation and returns its user_data; the table keeps `handler` until the last completion.
  mutating func add(_ handler: CompletionHandler) -> UInt64 {
    let index = take()
    unsafe slots[index].handler = unsafe Unmanaged.passRetained(handler)
    return unsafe UInt64(slots[index].generation) << 32 | UInt64(index)
  }

  /// A place for the time limit of the operation `token`, stable until it completes.
  mutating func timeoutStorage(of token: UInt64) -> UnsafeMutablePointer<__kernel_timespec> {
    let index = Int(token & 0xffff_ffff)
    precondition(index < highWater, "a token names a used slot")
    // SAFETY: slots never move; the field is read by the kernel while the operation is in flight.
    return unsafe UnsafeMutableRawPointer(slots + index)
      .advanced(by: MemoryLayout<Slot>.offset(of: \.timeout) ?? 0)
      .assumingMemoryBound(to: __kernel_timespec.self)
  }

  /// True while `token`'s operation is in flight.
  func isInFlight(_ token: UInt64) -> Bool {
    let index = Int(token & 0xffff_ffff)
    guard index < highWater else { return false }
    let slot = unsafe slots[index]
    let isTaken = unsafe slot.continuation != nil || slot.handler != nil
    return isTaken && slot.generation == UInt32(token >> 32)
  }

  /// Finds whose completion `token` names; frees the slot unless the kernel announced more.
  @inline(__always)
  mutating func owner(of token: UInt64, isLast: Bool) -> Owner {
    let index = Int(token & 0xffff_ffff)
    guard index < highWater, unsafe slots[index].generation == UInt32(token >> 32) else {
      staleCount += 1
      return .stale
    }
    if let continuation = unsafe slots[index].continuation {
      unsafe slots[index].continuation = nil
      free(index)
      return unsafe .continuation(continuation)
    }
    guard let handler = unsafe slots[index].handler else {
      staleCount += 1
      return .stale
    }
    guard isLast else { return unsafe .handler(handler.takeUnretainedValue()) }
    unsafe slots[index].handler = nil
    free(index)
    return unsafe .handler(handler.takeRetainedValue())
  }

  private mutating func free(_ index: Int) {
    // Generation 0xffff_ffff is skipped: its tokens would look like the reserved ones.
    let next = unsafe slots[index].generation &+ 1
    unsafe slots[index].generation = next == .max ? 1 : next
    unsafe slots[index].nextFree = firstFree
    firstFree = Int32(index)
    inFlightCount -= 1
  }
}
