// The file under a volume goes and another comes, while the store goes on: a disk that was pulled and put back is another
// device, and what lies on it need not be what it was.
//
//   leave ──▶ takes no page, device and log absent ──the store gives every run back──▶ vacant ──join──▶ restore ──▶ in use
//
// Nothing of before is believed: the pages come from the log of the file that joins, as at a start.

extension DiskVolume {
  /// Lets go of the file: no page is put here until another has joined and was restored.
  ///
  /// Operations under way end on the old device. The log forgets nothing from now on, and is not to be closed as whole.
  package func leave() {
    stopTaking()
    transfers.replaceDevice(AbsentDevice())
    replaceLog(AbsentLog()).doubt()
  }

  /// What its file says it is; nil before there was one.
  package var identity: VolumeID? { id == VolumeID(high: 0, low: 0) ? nil : id }

  /// True when nobody has a run of the volume or an operation on its device: another file may join.
  package var isVacant: Bool { transfers.isIdle && isUnused }

  /// Puts `file` under the volume, which is vacant or new; `restore` is next.
  ///
  /// - Throws: `memoryUnavailable`; the volume is as before then.
  package func join(_ file: VolumeFile) throws(PageStoreError) {
    try join(
      device: file.device, log: file.log, id: file.id, restorableUnits: file.restorableUnits,
      isClean: file.log.wasClosed)
  }

  /// Puts `device` and `log` under the volume, which is vacant or new.
  ///
  /// - Throws: as above.
  package func join(
    device: any BlockDevice, log: any PageLog, id: VolumeID, restorableUnits: UInt32,
    isClean: Bool
  ) throws(PageStoreError) {
    precondition(isVacant, "a volume has one file at a time")
    try startOver(id: id, restorableUnits: restorableUnits, isClean: isClean)
    transfers.replaceDevice(device)
    _ = replaceLog(log)
  }
}
