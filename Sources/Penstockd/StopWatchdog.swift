// The last resort of a stop: whatever hangs, the process ends.

import Glibc

/// Ends the process when a stop takes far longer than it may.
enum StopWatchdog {
  /// Seconds beyond the time to stop before the process is ended.
  private static let grace = 5

  /// Starts counting: after `limit` and a few seconds the process ends with status 1.
  static func arm(_ limit: Duration) {
    let seconds = Int(clamping: limit.components.seconds) &+ 1 &+ grace
    var handle = pthread_t()
    // The number travels in the pointer. Without a thread the stop is only less safe.
    let rc = unsafe pthread_create(
      &handle, nil,
      { argument in
        var left = UInt32(clamping: UInt(bitPattern: argument))
        while left > 0 { left = sleep(left) }
        let line = Array("penstockd: the stop hangs; ending without it\n".utf8)
        _ = unsafe write(STDERR_FILENO, line, line.count)
        _exit(1)
      }, UnsafeMutableRawPointer(bitPattern: seconds))
    if rc == 0 { pthread_detach(handle) }
  }
}
