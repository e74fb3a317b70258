// A worker makes page memory resident when it starts, which takes a CPU for some seconds: no figure is taken meanwhile.

package import DaemonDriver
import Glibc

extension DaemonProcess {
  /// Waits until the worker has made its memory resident, if it does that at all.
  package func waitUntilPrepared() throws(DriverError) {
    // 0 is off, or not begun: that takes a second.
    usleep(1_200_000)
    for _ in 0..<6000 {
      guard try metric("penstock_memory_prepare_state") == 1 else { return }
      usleep(10_000)
    }
    throw .program("the worker's memory is not resident after a minute")
  }
}
