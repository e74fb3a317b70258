// File operations of a reactor. Results are ≥ 0 or -errno, as in io_uring_prep_*(3).

package import CLinux
import Glibc

extension Reactor {
  /// Reads up to the size of `buffer` at `offset`; may be short.
  ///
  /// A buffer in an arena of this ring is registered with it on first use, so that the kernel need not pin its pages for
  /// each read.
  package func read(
    _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async -> Int32 {
    await unsafe read(fd, flags: 0, into: buffer, at: offset)
  }

  private func read(
    _ fd: Int32, flags: UInt8, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async -> Int32 {
    preconditionOnReactor()
    let registered = unsafe registeredIndex(of: UnsafeRawBufferPointer(buffer))
    return await unsafe perform(eager: true) { sqe in
      let size = transferSize(buffer.count)
      if let registered {
        unsafe io_uring_prep_read_fixed(
          sqe, fd, buffer.baseAddress, size, UInt64(offset), Int32(registered))
      } else {
        unsafe io_uring_prep_read(sqe, fd, buffer.baseAddress, size, UInt64(offset))
      }
      unsafe sqe.pointee.flags |= flags
    }.result
  }

  /// Makes the pages of `arenas` known to this ring; their extents are registered one by one as they are first used.
  package func attach(_ arenas: ArenaSet) {
    preconditionOnReactor()
    self.arenas = arenas
  }

  /// The number under which the extent that holds all of `buffer` is registered; nil when it is elsewhere or refused.
  private func registeredIndex(of buffer: UnsafeRawBufferPointer) -> UInt16? {
    guard let arenas, let base = buffer.baseAddress, buffer.count > 0,
      let extent = unsafe arenas.extentIndex(of: base),
      unsafe arenas.extentIndex(of: base + (buffer.count - 1)) == extent,
      // Registering faults memory in: only what the arena has committed anyway.
      arenas.isExtentCommitted(extent)
    else { return nil }
    return unsafe fixedBuffers.index(
      of: extent, arenas.extentRange(extent), ring: ring.ring)
  }

  /// As `read`, from a registered file.
  package func read(
    _ file: FixedFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async -> Int32 {
    await unsafe read(
      file.index, flags: UInt8(pen_iosqe_fixed_file()), into: buffer, at: offset)
  }

  /// Writes up to the size of `buffer` at `offset`; may be short.
  ///
  /// Registered memory is used as by `read`.
  package func write(
    _ fd: Int32, from buffer: UnsafeRawBufferPointer, at offset: Int64
  ) async -> Int32 {
    await unsafe write(fd, flags: 0, from: buffer, at: offset)
  }

  private func write(
    _ fd: Int32, flags: UInt8, from buffer: UnsafeRawBufferPointer, at offset: Int64
  ) async -> Int32 {
    preconditionOnReactor()
    let registered = unsafe registeredIndex(of: buffer)
    return await unsafe perform(eager: true) { sqe in
      let size = transferSize(buffer.count)
      if let registered {
        unsafe io_uring_prep_write_fixed(
          sqe, fd, buffer.baseAddress, size, UInt64(offset), Int32(registered))
      } else {
        unsafe io_uring_prep_write(sqe, fd, buffer.baseAddress, size, UInt64(offset))
      }
      unsafe sqe.pointee.flags |= flags
    }.result
  }

  /// As `write`, to a registered file.
  package func write(
    _ file: FixedFile, from buffer: UnsafeRawBufferPointer, at offset: Int64
  ) async -> Int32 {
    await unsafe write(
      file.index, flags: UInt8(pen_iosqe_fixed_file()), from: buffer, at: offset)
  }

  // MARK: Without waiting

  /// Starts a read of up to the size of `buffer` at `offset`, whose result goes to `receiver`.
  ///
  /// The memory stays put until then. `file` is preferred to `fd` when there is one.
  package func startRead(
    _ file: FixedFile?, _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64,
    _ receiver: OneShot
  ) {
    preconditionOnReactor()
    let registered = unsafe registeredIndex(of: UnsafeRawBufferPointer(buffer))
    unsafe begin(file, fd, receiver) { sqe, number in
      let size = transferSize(buffer.count)
      if let registered {
        unsafe io_uring_prep_read_fixed(
          sqe, number, buffer.baseAddress, size, UInt64(offset), Int32(registered))
      } else {
        unsafe io_uring_prep_read(sqe, number, buffer.baseAddress, size, UInt64(offset))
      }
    }
  }

  /// As `startRead`, for a write of `buffer`.
  package func startWrite(
    _ file: FixedFile?, _ fd: Int32, from buffer: UnsafeRawBufferPointer, at offset: Int64,
    _ receiver: OneShot
  ) {
    preconditionOnReactor()
    let registered = unsafe registeredIndex(of: buffer)
    unsafe begin(file, fd, receiver) { sqe, number in
      let size = transferSize(buffer.count)
      if let registered {
        unsafe io_uring_prep_write_fixed(
          sqe, number, buffer.baseAddress, size, UInt64(offset), Int32(registered))
      } else {
        unsafe io_uring_prep_write(sqe, number, buffer.baseAddress, size, UInt64(offset))
      }
    }
  }

  /// Starts making the data of `fd` durable; the result goes to `receiver`.
  package func startSync(_ fd: Int32, _ receiver: OneShot) {
    unsafe begin(nil, fd, receiver) { sqe, number in
      unsafe io_uring_prep_fsync(sqe, number, IORING_FSYNC_DATASYNC)
    }
  }

  private func begin(
    _ file: FixedFile?, _ fd: Int32, _ receiver: OneShot,
    _ prepare: (UnsafeMutablePointer<io_uring_sqe>, Int32) -> Void
  ) {
    // The caller may come again: a device takes that for nothing moved.
    guard !operations.isFull else {
      return receiver.complete(Completion(result: -EAGAIN, flags: 0), isLast: true)
    }
    _ = unsafe start(receiver, eager: true) { sqe in
      unsafe prepare(sqe, file?.index ?? fd)
      if file != nil { unsafe sqe.pointee.flags |= UInt8(pen_iosqe_fixed_file()) }
    }
  }

  /// Fills `buffer` from `offset`, resubmitting the rest of short reads; stops at the end of the file.
  ///
  /// - Returns: Bytes read; fewer than asked only at the end of the file.
  /// - Throws: `.system` with the errno of the failed read.
  package func readAll(
    _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(RingError) -> Int {
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let result = await unsafe read(fd, into: rest, at: offset + Int64(done))
      if result == -EINTR || result == -EAGAIN { continue }
      guard result >= 0 else { throw RingError(operation: "ring.read", result: result) }
      if result == 0 { break }
      done += Int(result)
    }
    return done
  }

  /// Writes all of `buffer` at `offset`, resubmitting the rest of short writes.
  ///
  /// - Throws: `.system` with the errno of the failed write; a write that takes nothing is ENOSPC.
  package func writeAll(
    _ fd: Int32, from buffer: UnsafeRawBufferPointer, at offset: Int64
  ) async throws(RingError) {
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
      let result = await unsafe write(fd, from: rest, at: offset + Int64(done))
      if result == -EINTR || result == -EAGAIN { continue }
      guard result >= 0 else { throw RingError(operation: "ring.write", result: result) }
      guard result > 0 else { throw RingError(.system, operation: "ring.write", errno: ENOSPC) }
      done += Int(result)
    }
  }

  /// Opens `path` below `directory` as openat2(2) does.
  ///
  /// Returns a descriptor or -errno.
  package func open(
    at directory: Int32, _ path: String, flags: Int32, mode: UInt32 = 0, resolve: UInt64 = 0
  ) async -> Int32 {
    let name = unsafe strdup(path)
    guard let name = unsafe name else { return -ENOMEM }
    defer { unsafe Glibc.free(name) }
    let how = UnsafeMutablePointer<open_how>.allocate(capacity: 1)
    defer { unsafe how.deallocate() }
    unsafe how.initialize(
      to: open_how(
        flags: UInt64(UInt32(bitPattern: flags | O_CLOEXEC)), mode: UInt64(mode), resolve: resolve))
    return await unsafe perform { sqe in
      unsafe io_uring_prep_openat2(sqe, directory, name, how)
    }.result
  }

  /// Asks for the status of an open descriptor.
  package func status(of fd: Int32) async -> Result<statx, RingError> {
    let storage = UnsafeMutablePointer<statx>.allocate(capacity: 1)
    defer { unsafe storage.deallocate() }
    unsafe storage.initialize(to: statx())
    let empty = unsafe strdup("")
    guard let empty = unsafe empty else {
      return .failure(RingError(.system, operation: "ring.statx", errno: ENOMEM))
    }
    defer { unsafe Glibc.free(empty) }
    let mask = UInt32(STATX_BASIC_STATS) | UInt32(STATX_BTIME)
    let result = await unsafe perform { sqe in
      unsafe io_uring_prep_statx(sqe, fd, empty, pen_at_empty_path(), mask, storage)
    }.result
    guard result >= 0 else { return .failure(RingError(operation: "ring.statx", result: result)) }
    return unsafe .success(storage.pointee)
  }

  /// Makes written data (and, unless `dataOnly`, all metadata) durable.
  ///
  /// Returns 0 or -errno.
  package func sync(_ fd: Int32, dataOnly: Bool) async -> Int32 {
    await unsafe perform { sqe in
      unsafe io_uring_prep_fsync(sqe, fd, dataOnly ? IORING_FSYNC_DATASYNC : 0)
    }.result
  }

  /// Closes a descriptor.
  package func close(_ fd: Int32) async {
    // close(2) frees the descriptor whatever it returns; there is nothing to do about an error.
    _ = await unsafe perform { sqe in unsafe io_uring_prep_close(sqe, fd) }
  }

  /// Puts `fd` in the ring's table of registered files; nil when the table is full or refused.
  package func registerFile(_ fd: Int32) -> FixedFile? {
    preconditionOnReactor()
    return unsafe fixedFiles.add(fd, ring: ring.ring)
  }

  /// Takes a file out of the table; operations in flight on it end normally.
  package func unregisterFile(_ file: FixedFile) {
    preconditionOnReactor()
    unsafe fixedFiles.remove(file, ring: ring.ring)
  }

  /// The registered file of `owner`, a number that no other file of the process has; `fd` is registered for it at its first use.
  ///
  /// Nil when the table is full or refused. `onFirstUse` is called once, so that the owner knows which rings to tell when it
  /// closes.
  @inline(__always)
  package func registeredFile(
    of owner: UInt64, _ fd: Int32, onFirstUse: () -> Void
  ) -> FixedFile? {
    preconditionOnReactor()
    let (file, isKnown) = fixedFiles.file(of: owner)
    if isKnown { return file }
    onFirstUse()
    return unsafe fixedFiles.add(fd, for: owner, ring: ring.ring)
  }

  /// Takes the file of `owner` out of the table; operations in flight on it end normally.
  package func unregisterFile(of owner: UInt64) {
    preconditionOnReactor()
    unsafe fixedFiles.remove(of: owner, ring: ring.ring)
  }

  /// Extents registered with this ring so far.
  package var registeredExtentCount: Int { fixedBuffers.count }
}

/// The size of one transfer: io_uring takes 32 bits and Linux moves at most 2 GiB − 4 KiB at once.
@inline(__always)
func transferSize(_ count: Int) -> UInt32 { UInt32(min(count, 0x7fff_f000)) }
