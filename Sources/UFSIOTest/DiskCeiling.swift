// What the disk gives: the same files, the same operations in flight, O_DIRECT through the ring, and nothing of ours
// between them and the device.

import CLinux
import Glibc
import Ring
import UFS

/// Raw reads and writes on the disk under a local path.
struct DiskCeiling {
  /// What reports call it.
  static let name = "raw disk (O_DIRECT)"

  private let plan: UFSIOTestPlan
  private let ground: TestGround
  private let stop: StopFlag

  /// A ceiling for the files of `plan`.
  init(_ plan: UFSIOTestPlan, _ ground: TestGround, _ stop: StopFlag) {
    self.plan = plan
    self.ground = ground
    self.stop = stop
  }

  /// Reads the files of the test.
  func read() -> ContestSample {
    measured { plan, path, stop throws(UFSIOTestError) in
      unsafe try await Self.transfer(plan, path, O_RDONLY, stop) { fd, buffer, offset in
        let reactor = Reactor.current
        return unsafe await reactor?.read(fd, into: buffer, at: offset) ?? -EINVAL
      }
    }
  }

  /// Writes files beside those of the test, durably, and removes them.
  func write() -> ContestSample {
    let sample = measured(suffix: "-ceiling") { plan, path, stop throws(UFSIOTestError) in
      unsafe try await Self.transfer(plan, path, O_WRONLY | O_CREAT | O_TRUNC, stop) {
        fd, buffer, offset in
        let reactor = Reactor.current
        return unsafe await reactor?.write(fd, from: UnsafeRawBufferPointer(buffer), at: offset)
          ?? -EINVAL
      }
    }
    for index in 0..<plan.streamCount {
      if let path = ground.localPath(plan.file(index) + "-ceiling") { _ = unsafe unlink(path) }
    }
    return sample
  }

  /// Asks the kernel to forget what it holds of a file.
  static func dropCachedPages(_ path: String) {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    fsync(file)
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
    close(file)
  }

  private func measured(
    suffix: String = "",
    _ body:
      @escaping @Sendable (UFSIOTestPlan, String, StopFlag) async throws(UFSIOTestError) ->
      Void
  ) -> ContestSample {
    let (plan, ground, stop) = (self.plan, self.ground, self.stop)
    guard ground.localPath(plan.file(0)) != nil else {
      return ContestSample(problem: "no disk of this machine is behind it")
    }
    let start = ResourceUse.now()
    let problems = ground.streams(plan.streamCount) { index -> UFSIOTestError? in
      guard let path = ground.localPath(plan.file(index) + suffix) else { return nil }
      do throws(UFSIOTestError) {
        try await body(plan, path, stop)
        return nil
      } catch {
        return error
      }
    }
    let sample = ContestSample(bytes: plan.totalSize, ResourceUse.now().since(start))
    if let problem = problems.compactMap({ $0 }).first {
      return ContestSample(problem: "\(problem)")
    }
    return sample
  }

  private static func transfer(
    _ plan: UFSIOTestPlan, _ path: String, _ flags: Int32, _ stop: StopFlag,
    _ operation: (Int32, UnsafeMutableRawBufferPointer, Int64) async -> Int32
  ) async throws(UFSIOTestError) {
    let isWriting = flags & O_ACCMODE != O_RDONLY
    let fd = unsafe open(path, flags | O_CLOEXEC | pen_o_direct(), 0o600)
    guard fd >= 0 else { throw failure("open", path, errno) }
    defer { close(fd) }
    let buffer = AlignedBuffer(plan.bufferSize)
    var offset: Int64 = 0
    while offset < plan.size {
      try stop.check()
      let rest = Int(min(Int64(plan.bufferSize), plan.size - offset))
      // O_DIRECT moves whole units; what a read brings beyond the end is not counted.
      let count = (rest + TestBytes.unit - 1) & ~(TestBytes.unit - 1)
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count])
      let result = await unsafe operation(fd, part, offset)
      guard result > 0 else { throw failure(isWriting ? "write" : "read", path, -result) }
      offset += Int64(result)
    }
    if isWriting, let reactor = Reactor.current {
      let result = await reactor.sync(fd, dataOnly: false)
      guard result >= 0 else { throw failure("fsync", path, -result) }
    }
  }

  private static func failure(
    _ operation: String, _ path: String, _ code: Int32
  ) -> UFSIOTestError {
    UFSIOTestError(.system("\(operation) \(path): \(errnoText(code))"))
  }
}
