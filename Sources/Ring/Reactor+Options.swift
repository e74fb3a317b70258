// What a reactor is asked to be.

extension Reactor {
  /// Who waits for what a reactor does.
  package enum Duty: Sendable, Equatable {
    /// Clients: the thread goes before others on its CPU when it wakes.
    case serving
    /// Clients, for single steps of longer work: the thread has usual slices.
    case steady
    /// Nobody: the thread and the kernel's threads for its files are nicer by so many steps.
    case background(niceness: Int)
  }

  /// Settings of a reactor.
  package struct Options: Sendable {
    /// CPU to pin the thread to; nil leaves it to the kernel.
    package var cpu: Int?
    /// NUMA node whose memory is nearest to that CPU.
    package var node: Int = 0
    /// Operations that may be in flight at once; further ones wait their turn.
    package var operationCountMax = 65536
    /// Entries of the submission and completion queues.
    package var submissionEntries: UInt32 = 1024
    package var completionEntries: UInt32 = 8192
    /// Buffers of 4 KiB that wait in the ring for received bytes; a power of two.
    package var providedBufferCount = 512
    /// Kernel threads for file operations that block, made when they are needed.
    ///
    /// More than operations that a disk which hangs can hold, so that those of other disks go on;
    /// the kernel's own limit is four for each CPU.
    package var workerCountMax: UInt32 = 512
    /// What its thread is called, before the reactor's number; at most 12 bytes.
    package var name = "ring"
    /// How the thread runs beside others on its CPU.
    package var duty = Duty.serving
    /// Registered files and registered buffers that fit the ring's tables.
    package var fixedFileCount: UInt32 = 1024
    package var fixedBufferCount: UInt32 = 4096

    /// Options of a reactor pinned to `cpu`, or to none, with its memory on `node`.
    package init(cpu: Int? = nil, node: Int = 0) {
      self.cpu = cpu
      self.node = node
    }
  }
}
