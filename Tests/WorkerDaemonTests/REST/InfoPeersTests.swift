// Who asked /v1/ufsInfo, and which ids were met.

import Model
import Testing
import WorkerDaemon

@Suite struct InfoPeersTests {
  @Test("a peer counts for ten minutes after it asked")
  func ages() {
    let peers = InfoPeers()
    peers.note("10.0.0.1", now: 1000)
    #expect(peers.contains("10.0.0.1", now: 1000 + InfoPeers.age))
    #expect(!peers.contains("10.0.0.1", now: 1001 + InfoPeers.age))
    #expect(!peers.contains("10.0.0.2", now: 1000))
  }

  @Test("the table stays bounded and loses the oldest first")
  func staysBounded() {
    let peers = InfoPeers()
    for index in 0...InfoPeers.countMax { peers.note("peer-\(index)", now: UInt64(index)) }
    #expect(peers.count == InfoPeers.countMax)
    #expect(!peers.contains("peer-0", now: 10))
    #expect(peers.contains("peer-1", now: 10))
  }

  @Test(
    "each connection of a host is the same peer",
    arguments: [
      ("10.0.0.1:4711", "10.0.0.1"), ("[::1]:4711", "[::1]"), ("fe80::1", "fe80::1"),
      ("unix", "unix"),
    ])
  func takesHosts(address: String, host: String) {
    #expect(InfoPeers.host(of: address) == host)
  }

  @Test("ids met before lead to their paths, and the memory of them is bounded")
  func remembersIDs() {
    let known = KnownFiles()
    let last = Digest256(of: "s3://b/last")
    for index in 0..<KnownFiles.countMax * 2 {
      known.note(Digest256(of: "s3://b/\(index)"), path: "s3://b/\(index)")
    }
    known.note(last, path: "s3://b/last")
    #expect(known.path(of: last) == "s3://b/last")
    #expect(known.path(of: Digest256(of: "never")) == nil)
  }
}
