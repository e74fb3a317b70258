// The store's own tasks, and the weather that its devices live in.

import PageStore

extension StoreSimulation {
  /// Starts what the store does beside its readers.
  func startBackground(_ store: PageStore) {
    guard !disks.isEmpty else { return }
    let executor = executor
    for number in 0..<plan.savers {
      executor.spawn("saver \(number)") { await store.runSaver() }
    }
    let interval = max(1_000_000, plan.health.probeInterval)
    for case let volume? in disks.map(\.volume) {
      executor.spawn("prober \(volume.number)") { [self] in
        while !isStopped {
          await volume.probeIfDue(isPresent: true)
          await executor.wait(interval)
        }
      }
      executor.spawn("watcher \(volume.number)") { [self] in
        while !isStopped {
          volume.checkProgress()
          await executor.wait(interval)
        }
      }
    }
    executor.spawn("promoter") {
      await store.runPromoter(node: 0, sleep: { await executor.wait($0) })
    }
    executor.spawn("reclaimer") {
      await store.runReclaimer(sleep: { await executor.wait($0) })
    }
    executor.spawn("scrubber") { await store.runScrubber(sleep: { await executor.wait($0) }) }
  }

  /// Changes the state of a random device, for a while.
  func changeWeather(_ random: inout SimRandom) async {
    let disk = random.pick(disks)
    guard let device = disk.device else { return }
    if !plan.isHonest, plan.options.verification == .always, random.below(4) == 0 {
      count("weather: rot")
      for _ in 0..<100 { disk.media.flip(at: random.below(disk.media.size), bit: random.below(8)) }
    }
    device.become(random.pick([.slow, .full, .readOnly, .vanished, .hanging, .slow, .working]))
    count("weather")
    await executor.wait(UInt64(random.below(200_000_000)))
    if random.below(5) > 0 { device.become(.working) }
  }

  /// Takes a random disk out of the running store and puts it back as another device.
  ///
  /// What the store knew of it is not believed: its pages are those of its own log, as a loss of power left them.
  func pullDisk(_ random: inout SimRandom) async {
    let position = random.below(disks.count)
    guard isRestored, !isPowerLost, let store = life?.store else { return }
    let disk = disks[position]
    count("pulls")
    // Pinned pages are dropped with their disk.
    pinned = []
    disk.device?.complaints.forEach { complaint in fail(complaint) }
    disk.pull()
    while !store.evacuate(disk: position) {
      disk.volume?.checkProgress()
      await executor.wait(1_000_000)
    }
    if store.volumes.suffix(disks.count).dropFirst(position).first?.pages != 0 {
      fail("disk \(position) has pages after it was taken out")
    }
    await executor.wait(UInt64(random.below(10_000_000)))
    // After a loss of power nothing may be written any more.
    guard !isPowerLost else { return }
    do { try disk.putBack(executor, &random) } catch { return fail("it does not join: \(error)") }
    let restoration = store.restore(disk: position)
    executor.trace.record("returned", at: executor.now, position, restoration.pages)
    count("restored after a pull", restoration.pages)
    checkAccount("after a pull")
  }

  /// Mends all devices, and waits until every disk is healthy again: nobody is to be needed for that.
  func heal() async {
    for case let device? in disks.map(\.device) {
      device.faults.mend()
      device.become(.working)
    }
    let limit = executor.now + 7_200_000_000_000
    while disks.contains(where: { $0.volume?.health.state != .healthy }), report.failures.isEmpty {
      await executor.wait(1_000_000_000)
      if executor.now > limit { fail("a disk that was mended stays out") }
    }
    count("healed")
  }

  /// Exchanges two pages' bytes on a disk: a planted bug.
  func swapPages(_ random: inout SimRandom) {
    let disk = random.pick(disks)
    let (first, second) = (random.below(disk.plan.blocks), random.below(disk.plan.blocks))
    let block = (disk.media.size - 8192) / disk.plan.blocks
    guard first != second else { return }
    disk.media.exchange(
      8192 + first * block / 4096 * 4096, 8192 + second * block / 4096 * 4096, count: 4096)
  }
}
