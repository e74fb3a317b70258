// Nodes and pinned paths over REST.

import Model
import Ring
import UFS

extension CoordinatorAPI {
  /// `GET /api/v1/nodes`: the workers and the coordinators.
  func nodeReports() async -> [UInt8] {
    let workers = await nodes.workers(of: coordinator)
    let now = Coordinator.date()
    return JSONWriter.object { writer in
      writer.name("workers")
      writer.array { for worker in workers { worker.write(to: &$0, now: now) } }
      writer.name("coordinators")
      writer.array { for coordinator in nodes.coordinators { coordinator.write(to: &$0) } }
    }
  }

  /// `GET /api/v1/pins`: what is pinned on every worker.
  func pinned() -> [UInt8] {
    let paths = nodes.pins.all.paths
    return JSONWriter.object { writer in
      writer.name("rules")
      writer.array { writer in
        for path in paths { writer.object { $0.member("path", path) } }
      }
    }
  }

  /// `POST` and `DELETE /api/v1/pins`: pins a path on every worker, or lets it go.
  func pin(_ request: JobRequest, isPinned: Bool) async throws(RESTProblem) -> [UInt8] {
    guard let text = try request.text("path") else { throw RESTProblem(400, "name a path") }
    let place: MountedPath
    do throws(UFSError) { place = try coordinator.parts.mounts.locate(anyPath: text) } catch {
      let reason = if case .rule(let rule) = error.cause { rule.description } else { "\(error)" }
      throw RESTProblem(400, "\(text): \(reason)")
    }
    let path = RulePath(place.alluxioPath)
    let pins = nodes.pins
    let refusal = await coordinator.parts.pool.run { () -> PinnedPaths.Refusal? in
      do throws(PinnedPaths.Refusal) {
        if isPinned { try pins.pin(path) } else { try pins.unpin(path) }
        return nil
      } catch { return error }
    }
    if let refusal { throw RESTProblem(refusal, path) }
    return JSONWriter.object {
      $0.member("success", true)
      $0.member(
        "message",
        "\(isPinned ? "Added" : "Removed") alluxioPath=\(text); every worker is told with its next"
          + " heartbeat")
    }
  }
}

extension RESTProblem {
  /// What the refusal to pin or unpin `path` means.
  fileprivate init(_ refusal: PinnedPaths.Refusal, _ path: RulePath) {
    switch refusal {
    case .exists: self.init(409, "alluxioPath=\(path) is pinned on every worker already")
    case .missing: self.init(404, "alluxioPath=\(path) is not pinned on every worker")
    case .full: self.init(507, "at most \(PinnedPaths.countMax) paths can be pinned")
    case .unwritable(let reason): self.init(500, "the pinned paths cannot be kept: \(reason)")
    }
  }
}
