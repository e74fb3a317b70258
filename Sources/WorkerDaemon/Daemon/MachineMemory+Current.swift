// What this machine, or this container, offers.

import Ring

extension MachineMemory {
  /// The memory and CPUs that this process may use.
  package static func current() -> MachineMemory {
    let machine = ProcessState.machineMemory
    let cpus = Reactor.allowedCPUs().count
    guard let group = CgroupMemory.read(), group.limit < machine else {
      return MachineMemory(bytes: machine, limit: "the machine's memory", cpuCount: cpus)
    }
    return MachineMemory(
      bytes: group.limit, limit: "the memory limit of the cgroup \(group.path)", cpuCount: cpus)
  }
}
