// A volume's file on the rings: direct I/O, registered with each ring at its first use there.

import Glibc
import Ring
import Synchronization

/// A file that is read and written through the ring of the calling reactor.
///
/// Methods trap outside a reactor. Memory in an arena that the ring knows is used as registered memory.
@safe package final class RingDevice: BlockDevice {
  private static let nextOwner = Atomic<UInt64>(1)

  package let size: Int64
  /// True when I/O goes around the page cache.
  package let isDirect: Bool
  private let descriptor: Int32
  /// The number under which rings know the file: never used again, as descriptors are.
  private let owner: UInt64
  private let rings = Locked<Rings>(Rings())

  private struct Rings {
    var reactors: [Reactor] = []
    var isClosed = false
  }

  /// A device over `descriptor`, which it closes, of `size` bytes.
  package init(descriptor: Int32, size: Int64, isDirect: Bool) {
    precondition(descriptor >= 0, "a device has a file")
    precondition(size >= 0, "a size is not negative")
    self.descriptor = descriptor
    self.size = size
    self.isDirect = isDirect
    owner = RingDevice.nextOwner.add(1, ordering: .relaxed).oldValue
  }

  deinit { close() }

  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) {
    let reactor = RingDevice.reactor
    unsafe reactor.startRead(
      file(on: reactor), descriptor, into: buffer, at: offset, RingDevice.receiver(of: transfer))
  }

  package func write(
    from buffer: UnsafeRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) {
    let reactor = RingDevice.reactor
    unsafe reactor.startWrite(
      file(on: reactor), descriptor, from: buffer, at: offset, RingDevice.receiver(of: transfer))
  }

  package func sync(for transfer: DeviceTransfer) {
    RingDevice.reactor.startSync(descriptor, RingDevice.receiver(of: transfer))
  }

  private static func receiver(of transfer: DeviceTransfer) -> OneShot {
    if let receiver = transfer.receiver { return receiver }
    // Until it ends, a transfer is kept by its watch.
    let receiver = OneShot { [unowned transfer] result in transfer.end(result) }
    transfer.receiver = receiver
    return receiver
  }

  /// Closes the file and takes it out of the rings' tables.
  ///
  /// Nothing is in flight, and the reactors that used the device still run. Calling it again does nothing.
  package func close() {
    let reactors: [Reactor]? = rings.withLock { rings in
      guard !rings.isClosed else { return nil }
      rings.isClosed = true
      defer { rings.reactors = [] }
      return rings.reactors
    }
    guard let reactors else { return }
    let owner = owner
    for reactor in reactors { reactor.spawn { reactor.unregisterFile(of: owner) } }
    Glibc.close(descriptor)
  }

  private static var reactor: Reactor {
    guard let reactor = Reactor.current else {
      preconditionFailure("a ring's device is used on a reactor")
    }
    return reactor
  }

  @inline(__always)
  private func file(on reactor: Reactor) -> FixedFile? {
    reactor.registeredFile(of: owner, descriptor) {
      rings.withLock { $0.reactors.append(reactor) }
    }
  }
}
