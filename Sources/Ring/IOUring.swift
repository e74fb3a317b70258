// One io_uring instance: set-up, submission entries, completions. It knows the kernel's rules and nothing of tasks.
//
//   nextSQE() ──▶ submission queue ──submit()──▶ kernel ──▶ completion queue ──reap()──▶ caller
//
// Rules kept here (each has a test):
// - created disabled on the thread that makes it, enabled and used by the ring's own thread only (SINGLE_ISSUER);
// - a full submission queue is submitted and retried; EAGAIN and EBUSY reap first, never spin on the entry;
// - completions that overflowed are flushed before anything is lost (IORING_FEAT_NODROP).
// Source: io_uring_setup(2), io_uring_enter(2); kernel 6.1 or newer.

import CLinux
import Glibc

/// One result from the kernel.
package struct Completion: Sendable {
  /// Bytes, a descriptor or 0; negative: -errno.
  package var result: Int32
  /// IORING_CQE_F_* flags.
  package var flags: UInt32
}

/// An io_uring instance, owned by one thread.
@safe struct IOUring: ~Copyable {
  /// Sizes of the two queues.
  struct Options: Sendable {
    var submissionEntries: UInt32 = 1024
    var completionEntries: UInt32 = 8192
  }

  let ring: UnsafeMutablePointer<io_uring>
  private let reaped: UnsafeMutablePointer<io_uring_cqe>
  private let reapedAside: UnsafeMutablePointer<io_uring_cqe>
  static let reapCountMax: UInt32 = 256

  /// Creates the ring, disabled.
  ///
  /// - Throws: `.unavailable` when the kernel has no io_uring, forbids it or lacks a feature this code needs.
  init(_ options: Options) throws(RingError) {
    // Nothing throws once all is set: the deinitialiser of a whole value runs even when its initialiser throws.
    let created = unsafe try Self.create(options)
    unsafe ring = unsafe created
    unsafe reaped = .allocate(capacity: Int(Self.reapCountMax))
    unsafe reapedAside = .allocate(capacity: Int(Self.reapCountMax))
  }

  /// An io_uring in fresh memory, which the caller ends and frees; nothing stays of one that fails.
  private static func create(
    _ options: Options
  ) throws(RingError) -> UnsafeMutablePointer<io_uring> {
    let ring = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
    unsafe memset(ring, 0, MemoryLayout<io_uring>.size)
    let base = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE
    let wanted =
      base | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_DEFER_TASKRUN
    var parameters = io_uring_params()
    parameters.flags = wanted
    parameters.cq_entries = options.completionEntries
    let rc = unsafe io_uring_queue_init_params(options.submissionEntries, ring, &parameters)
    guard rc >= 0 else {
      unsafe ring.deallocate()
      throw RingError(.unavailable, operation: "io_uring_setup", errno: -rc)
    }
    let needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_SUBMIT_STABLE
    guard parameters.features & needed == needed else {
      unsafe io_uring_queue_exit(ring)
      unsafe ring.deallocate()
      throw RingError(.unavailable, operation: "io_uring_setup", errno: ENOTSUP)
    }
    return unsafe ring
  }

  deinit {
    unsafe io_uring_queue_exit(ring)
    unsafe ring.deallocate()
    unsafe reaped.deallocate()
    unsafe reapedAside.deallocate()
  }

  /// Hands the ring to the calling thread; call once, on the thread that will use it.
  func enable() throws(RingError) {
    let rc = unsafe pen_ring_enable(ring)
    guard rc == 0 else { throw RingError(.unavailable, operation: "io_uring_enable", errno: -rc) }
    // Saves the descriptor look-up on each enter; without it the ring works as well, only slower.
    _ = unsafe io_uring_register_ring_fd(ring)
  }

  /// Entries prepared and not yet submitted.
  var unsubmittedCount: UInt32 { unsafe io_uring_sq_ready(ring) }
  /// Entries that fit before a submit.
  var freeEntryCount: UInt32 { unsafe io_uring_sq_space_left(ring) }

  /// A fresh entry, or nil when the submission queue is full.
  @inline(__always)
  func nextSQE() -> UnsafeMutablePointer<io_uring_sqe>? { unsafe io_uring_get_sqe(ring) }

  /// Submits what is prepared without waiting.
  ///
  /// Returns entries taken or -errno.
  func submit() -> Int32 { unsafe io_uring_submit(ring) }

  /// Submits, and runs the kernel's deferred work so that completions appear.
  ///
  /// Returns entries taken or -errno.
  func submitAndPoll() -> Int32 { unsafe io_uring_submit_and_get_events(ring) }

  /// Submits and waits for one completion, at most `nanoseconds`, or without limit when nil.
  func submitAndWait(nanoseconds: UInt64?) -> Int32 {
    guard let nanoseconds else { return unsafe io_uring_submit_and_wait(ring, 1) }
    var limit = __kernel_timespec(
      tv_sec: Int64(nanoseconds / 1_000_000_000), tv_nsec: Int64(nanoseconds % 1_000_000_000))
    var first: UnsafeMutablePointer<io_uring_cqe>?
    return unsafe io_uring_submit_and_wait_timeout(ring, &first, 1, &limit, nil)
  }

  /// Runs deferred work and flushes overflowed completions into the queue.
  ///
  /// Returns 0 or -errno.
  func pollEvents() -> Int32 { unsafe io_uring_get_events(ring) }

  /// True while the kernel holds completions that did not fit the queue.
  var hasOverflowed: Bool { unsafe pen_ring_cq_overflowed(ring) }

  /// Takes up to 256 completions off the queue; the view is valid until the next call with the same `aside`.
  ///
  /// `aside` uses a second buffer, for a caller that is still going through the first.
  @inline(__always)
  func reap(aside: Bool = false) -> UnsafeBufferPointer<io_uring_cqe> {
    let buffer = unsafe aside ? reapedAside : reaped
    let count = unsafe pen_ring_reap(ring, buffer, Self.reapCountMax)
    return unsafe UnsafeBufferPointer(start: buffer, count: Int(count))
  }
}
