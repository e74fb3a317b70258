import DaemonDriver
import Glibc
import Model
import Ring
import Testing

@testable import WorkerDaemon

@Suite("Short circuit: the socket's place")
struct SocketPlaceTests {
  private let uuid = "1d6d7c85-dee0-4ac5-bbd1-86eb496a2a50"

  private func settings(_ address: String, isDirectory: Bool = false) throws
    -> ShortCircuitSettings
  {
    var settings = try LocalFixture.settings(address)
    settings.isDirectory = isDirectory
    return settings
  }

  private func refusal(_ settings: ShortCircuitSettings) -> StartError? {
    do throws(StartError) { _ = try SocketPlace(settings, uuid: uuid) } catch { return error }
    return nil
  }

  @Test("the address is the socket, or the directory of a socket named by the worker's UUID")
  func names() throws {
    let scratch = try ScratchDirectory("place")
    #expect(try SocketPlace(settings(scratch.path("s")), uuid: uuid).path == scratch.path("s"))
    let place = try SocketPlace(
      settings(scratch.path("made/here/"), isDirectory: true), uuid: uuid)
    #expect(place.path == scratch.path("made/here/\(uuid)"))
    #expect(access(scratch.path("made/here"), F_OK) == 0, "the directory is made")
  }

  @Test("a path that Linux does not take is told with its length and what to do")
  func length() throws {
    let long = "/" + String(repeating: "d", count: 80)
    let error = try #require(refusal(settings(long, isDirectory: true)))
    #expect(error.code == .configuration)
    #expect(error.description.contains("has 118 bytes, and Linux takes 107"))
    #expect(error.description.contains("as.uuid to false"))
    #expect(error.description.contains("at most 70 bytes"))
    #expect(try refusal(settings("/" + String(repeating: "d", count: 107))) != nil)
    #expect(try refusal(settings("relative/path"))?.code == .configuration)
  }

  @Test("a socket that nobody answers on is removed; one of a running process is refused")
  func stale() throws {
    let scratch = try ScratchDirectory("place")
    let path = scratch.path("s")
    let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let rc = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(rc == 0)
    listen(fd, 1)
    let running = try #require(refusal(settings(path)))
    #expect(running.description.contains("socket of another process that is running"))
    // A program that another test starts at this moment may hold the descriptor for an instant more.
    shutdown(fd, Int32(SHUT_RDWR))
    close(fd)
    #expect(access(path, F_OK) == 0)
    #expect(try refusal(settings(path)) == nil)
    #expect(access(path, F_OK) == -1)
  }

  @Test("a file or a directory in the socket's place is left where it is")
  func others() throws {
    let scratch = try ScratchDirectory("place")
    close(open(scratch.path("f"), O_CREAT | O_WRONLY, 0o600))
    mkdir(scratch.path("d"), 0o700)
    #expect(try refusal(settings(scratch.path("f")))?.description.contains("somebody else") == true)
    #expect(try refusal(settings(scratch.path("d")))?.description.contains("as.uuid") == true)
    #expect(access(scratch.path("f"), F_OK) == 0 && access(scratch.path("d"), F_OK) == 0)
    let below = try #require(try refusal(settings(scratch.path("f/s"))))
    #expect(below.description.contains("\(scratch.path("f")) is a file"))
    let directory = try #require(try refusal(settings(scratch.path("f"), isDirectory: true)))
    #expect(directory.code == .directory)
    #expect(directory.description.contains("is a file, and alluxio"))
    #expect(directory.description.contains("name a directory, or set that to false"))
  }

  @Test("a directory that may not be searched or written names the user who needs it")
  func rights() {
    let denied = SocketPlace.unusable("/opt/domain", EACCES)
    #expect(denied.contains("/opt/domain") && denied.contains("user \(geteuid())"))
    #expect(denied.contains("right to search") && denied.contains("socket.address"))
    #expect(SocketPlace.unusable("/opt/domain", EROFS).contains("read-only"))
  }

  @Test("of two workers that start at once with one path, the second is told of the first")
  func twoAtOnce() throws {
    let scratch = try ScratchDirectory("place")
    let settings = try settings(scratch.path("s"))
    // Both have looked before either listens.
    let (first, second) = (
      try SocketPlace(settings, uuid: uuid), try SocketPlace(settings, uuid: uuid)
    )
    let listener = try first.listen(mode: 0o600)
    let identity = first.identity
    let error = #expect(throws: StartError.self) { _ = try second.listen(mode: 0o600).fd }
    #expect(error?.description.contains("socket of another process that is running") == true)
    #expect(identity != nil && first.identity?.inode == identity?.inode, "the first one's is there")
    _ = listener.fd
  }

  @Test("who takes sockets away or makes one waits for others that do, and says whom it waited for")
  func locked() throws {
    let scratch = try ScratchDirectory("place")
    let place = try SocketPlace(settings(scratch.path("s")), uuid: uuid)
    do {
      let lock = try SocketLock(place.path)
      let error = #expect(throws: StartError.self) {
        _ = try place.listen(mode: 0o600, within: .milliseconds(20)).fd
      }
      #expect(error?.description.contains("\(place.path).lock") == true)
      #expect(error?.description.contains("held by another process") == true)
      #expect(access(place.path, F_OK) == -1, "nothing was made")
      withExtendedLifetime(lock) {}
    }
    #expect(try place.listen(mode: 0o600, within: .zero).fd >= 0)
    #expect(access("\(place.path).lock", F_OK) == -1, "the lock leaves nothing behind")
  }

  @Test("a dead socket whose worker starts at this moment is left to it")
  func sweepsNone() throws {
    let scratch = try ScratchDirectory("place")
    let other = scratch.path("00000000-0000-4000-8000-000000000001")
    _ = try SocketPlace(settings(other), uuid: uuid).listen(mode: 0o600).fd
    let directory = try settings(scratch.path, isDirectory: true)
    do {
      let lock = try SocketLock(other)
      #expect(try SocketPlace(directory, uuid: uuid, sweepAge: -1).removed == [])
      withExtendedLifetime(lock) {}
    }
    #expect(access(other, F_OK) == 0)
    #expect(try SocketPlace(directory, uuid: uuid, sweepAge: -1).removed == [other])
  }

  @Test("a directory of sockets without an address is warned of")
  func useless() throws {
    func warnings(_ definitions: [String]) throws -> [String] {
      var input = ConfigurationInput()
      input.definitions = definitions
      return ShortCircuitSettings.warnings(try Configuration(input))
    }
    let key = "alluxio.worker.data.server.domain.socket"
    #expect(try warnings([]) == [] && warnings(["\(key).address=/s", "\(key).as.uuid=true"]) == [])
    let warning = try #require(try warnings(["\(key).as.uuid=true"]).first)
    #expect(warning.contains("\(key).as.uuid is true") && warning.contains("set \(key).address"))
  }

  @Test("the socket has the mode that is configured, and only its own file is removed")
  func mode() throws {
    let scratch = try ScratchDirectory("place")
    let place = try SocketPlace(settings(scratch.path("s")), uuid: uuid)
    let listener = try place.listen(mode: 0o640)
    var status = stat()
    #expect(lstat(place.path, &status) == 0 && status.st_mode & 0o777 == 0o640)
    let identity = place.identity
    unlink(place.path)
    close(open(place.path, O_CREAT | O_WRONLY, 0o600))
    place.remove(identity)
    #expect(access(place.path, F_OK) == 0, "another one's file stays")
    _ = listener.fd
  }

  @Test("users and groups are named or numbered; unknown ones are told and get nothing")
  func policy() throws {
    var settings = try settings("/s")
    settings.sharedUsers = []
    settings.allowedUsers = ["no-such-user", "1000"]
    settings.allowedGroups = ["root", "77"]
    let policy = PeerPolicy(settings, own: 500)
    func decide(_ user: UInt32, _ groups: [UInt32] = [1]) -> PeerPolicy.Decision {
      policy.decide(LocalPeer(user: user, groups: groups, process: 1))
    }
    #expect(decide(0) == .shared && decide(500) == .shared)
    #expect(decide(1000) == .copy && decide(7, [9, 77]) == .copy && decide(7, [0]) == .copy)
    #expect(decide(7) == .denied)
    #expect(policy.unknown == ["user no-such-user"])
    settings.sharedUsers = ["none"]
    #expect(
      PeerPolicy(settings, own: 500).decide(LocalPeer(user: 0, groups: [1], process: 1)) == .denied)
  }
}
