// What is told of a node: over REST, over gRPC, by `penstock info nodes`.

import Messages
import Model
import Scheduler

/// Bytes of a tier of a worker.
package struct TierUse: Sendable, Equatable {
  /// MEM, SSD or HDD.
  package var tier: String
  /// Bytes that pages may use.
  package var total: UInt64
  /// Bytes that they use.
  package var used: UInt64

  /// A tier's use of its parts.
  package init(tier: String, total: UInt64, used: UInt64) {
    (self.tier, self.total, self.used) = (tier, total, used)
  }
}

/// A worker as its coordinator knows it.
struct WorkerReport: Sendable, Equatable {
  /// Whether a worker is there.
  enum State: String, Sendable {
    /// Heard of within the time that it has.
    case online = "ONLINE"
    /// Silent for too long, or stopped.
    case lost = "LOST"
  }

  /// Its name card.
  var card: WireWorker
  var state: State
  var capacity: [TierUse]
  var held: HeldCensus
  /// Tasks that the scheduler has given it.
  var taskCount = 0
  /// Whether it is heard of, and its tasks come to nothing.
  var isSuspect = false
  /// Milliseconds since 1970.
  var registeredAt: Int64
  var heardAt: Int64

  /// Takes what the scheduler says of it.
  mutating func take(_ worker: WorkerState?) {
    taskCount = worker?.taskCount ?? 0
    isSuspect = state == .online && worker?.isSuspect == true
  }

  /// Host and port of its REST, where clients ask; nil when it has none.
  var restAddress: String? {
    card.restPort == 0 ? nil : "\(card.host.bracketedHost):\(card.restPort)"
  }

  /// What the coordinator, its reports and its log call the worker: host and port of its gRPC, or of REST for the worker in
  /// the coordinator's process.
  var address: String {
    let port = card.rpcPort == 0 ? card.restPort : card.rpcPort
    return "\(card.host.bracketedHost):\(port)"
  }

  /// The message of the report.
  var wire: WireWorkerReport {
    .make {
      $0.worker = card
      $0.state = state == .online ? .online : .lost
      $0.capacity = capacity.map(WireCapacity.init)
      $0.heldFiles = held.files
      $0.heldBytes = held.bytes
      $0.unnamedFiles = held.unnamed
      $0.runningTasks = UInt32(clamping: taskCount)
      $0.registeredAt = UInt64(clamping: registeredAt)
      $0.lastHeartbeatAt = UInt64(clamping: heardAt)
      $0.isSuspect = isSuspect
    }
  }

  /// Writes the report as an object.
  func write(to writer: inout JSONWriter, now: Int64) {
    writer.object {
      $0.member("id", card.id)
      $0.member("address", address)
      if let restAddress { $0.member("restAddress", restAddress) }
      $0.member("state", state.rawValue)
      $0.member("suspect", isSuspect)
      $0.member("version", card.version)
      $0.member("tasks", taskCount)
      $0.name("capacity")
      $0.array { writer in
        for tier in capacity {
          writer.object {
            $0.member("tier", tier.tier)
            $0.member("totalBytes", tier.total)
            $0.member("usedBytes", tier.used)
          }
        }
      }
      $0.member("totalBytes", capacity.reduce(0) { $0 &+ $1.total })
      $0.member("usedBytes", capacity.reduce(0) { $0 &+ $1.used })
      $0.member("heldFiles", held.files)
      $0.member("heldBytes", held.bytes)
      $0.member("unnamedFiles", held.unnamed)
      $0.member("registered", DateText.iso(registeredAt))
      $0.member("lastHeartbeat", DateText.iso(heardAt))
      $0.member("silentMilliseconds", max(0, now &- heardAt))
    }
  }
}

/// A coordinator.
struct CoordinatorReport: Sendable, Equatable {
  /// Made anew at each start.
  var id: String
  var host: String
  var rpcPort: UInt16
  var webPort: UInt16
  /// When it was started, milliseconds since 1970.
  var startedAt: Int64

  /// The message of the report.
  var wire: WireCoordinatorReport {
    .make {
      $0.id = id
      $0.host = host
      $0.rpcPort = UInt32(rpcPort)
      $0.webPort = UInt32(webPort)
      $0.version = Version.text
      $0.state = .online
      $0.startedAt = UInt64(clamping: startedAt)
    }
  }

  /// Writes the report as an object.
  func write(to writer: inout JSONWriter) {
    let name = host.bracketedHost
    writer.object {
      $0.member("id", id)
      $0.member("address", "\(name):\(rpcPort)")
      $0.member("webAddress", "\(name):\(webPort)")
      $0.member("state", "ONLINE")
      $0.member("version", Version.text)
      $0.member("started", DateText.iso(startedAt))
    }
  }
}

extension WireCapacity {
  /// The message of a tier's use.
  init(_ use: TierUse) {
    self.init()
    (tier, totalBytes, usedBytes) = (use.tier, use.total, use.used)
  }
}

extension TierUse {
  /// The use that a message tells.
  init(_ capacity: WireCapacity) {
    self.init(tier: capacity.tier, total: capacity.totalBytes, used: capacity.usedBytes)
  }
}
