// The progress object of the coordinator's REST port (compat §7.7); empty values are left out.

package import Model

extension JobReport {
  /// Writes the progress object.
  package func writeREST(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", "\(record.id)")
      writer.member("startTime", DateText.iso(record.startedAt ?? record.submittedAt))
      writer.member("state", record.state.word)
      if let stage { writer.member("runningState", stage) }
      if let failure = record.failure {
        writer.name("errorMessage")
        writer.object {
          $0.member("type", JobReport.failureClass)
          $0.member("message", failure)
        }
      }
      if let waits = progress.waits { writer.member("waits", waits) }
      if let notice { writer.member("notice", notice) }
      if let path = record.failedListPath { writer.member("failedFileListPath", path) }
      writeTarget(to: &writer)
      writeOptions(to: &writer)
      writeNumbers(to: &writer)
    }
  }

  /// The progress object.
  package var rest: [UInt8] {
    var writer = JSONWriter()
    writeREST(to: &writer)
    return writer.bytes
  }

  private func writeTarget(to writer: inout JSONWriter) {
    switch record.specification.target {
    case .paths(let paths):
      writer.name("paths")
      writer.array { for path in paths { $0.string(path) } }
    case .index(let path): writer.member("index", path)
    case .transfer(let source, let destination):
      writer.member("src", source)
      writer.member("dst", destination)
    case .indexedTransfer(let index, let source, let destination):
      writer.member("index", index)
      writer.member("src", source)
      writer.member("dst", destination)
    }
    if let alias = record.specification.alias { writer.member("alias", alias) }
  }

  private func writeOptions(to writer: inout JSONWriter) {
    if record.specification.type == .load {
      writer.member("skipIfExists", options.skipIfExists)
      writer.member("loadMetadataOnly", options.metadataOnly)
      writer.member("verify", options.verify)
    }
    if let bandwidth = options.bandwidth { writer.member("bandwidth", bandwidth) }
  }

  private func writeNumbers(to writer: inout JSONWriter) {
    writer.member("timeElapsedMilliseconds", progress.elapsedMilliseconds)
    writer.member("loadedBytes", ledger.loaded.bytes)
    writer.member("skippedBytes", ledger.skipped.bytes)
    if let totalBytes { writer.member("totalBytes", totalBytes) }
    writer.member("loadedNonEmptyFiles", ledger.loadedNonEmpty)
    writer.member("failedFiles", ledger.failed.files)
    writer.member("scannedFiles", ledger.listed.files)
  }
}
