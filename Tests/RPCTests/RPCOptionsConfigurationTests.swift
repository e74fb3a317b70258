import Model
import RPC
import Testing

@Suite("RPC options of the configuration")
struct RPCOptionsConfigurationTests {
  @Test("defaults are those of the reference: 30 s pings, 50 ms to 3 s for 2 minutes, 4 MiB")
  func defaults() throws {
    let configuration = try Configuration(ConfigurationInput())
    let client = RPCChannelOptions(configuration)
    #expect(client.keepalive == RPCKeepalive(time: .seconds(30), timeout: .seconds(30)))
    #expect(
      client.retry
        == RPCRetryPolicy(base: .milliseconds(50), longest: .seconds(3), budget: .seconds(120)))
    #expect(client.messageSizeMax == 4 << 20)
    let worker = RPCKeepalive.worker(configuration)
    #expect(worker.time == .seconds(30) && worker.leastPingInterval == .seconds(27))
    let coordinator = RPCKeepalive.coordinator(configuration)
    #expect(coordinator.time == .seconds(7200) && coordinator.timeout == .seconds(30))
  }

  @Test("what users set is taken, and off is off")
  func set() throws {
    var input = ConfigurationInput()
    input.definitions = [
      "alluxio.user.network.rpc.keepalive.time=Long.MAX_VALUE",
      "alluxio.user.rpc.retry.max.duration=1s", "alluxio.coordinator.network.keepalive.time=5s",
    ]
    let configuration = try Configuration(input)
    #expect(RPCKeepalive.client(configuration).time == nil)
    #expect(RPCRetryPolicy(configuration).budget == .seconds(1))
    #expect(RPCKeepalive.coordinator(configuration).time == .seconds(5))
  }
}
