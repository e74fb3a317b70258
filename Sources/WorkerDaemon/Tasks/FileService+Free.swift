// The cache policies as tasks of FREE see them.

package import Scheduler
import UFS

extension FileService: CacheFreeing {
  package func free(ufsPath: String) async -> Result<FileCount, LoadFailure> {
    let path: RulePath
    do throws(UFSError) {
      path = RulePath(try mounts.locate(ufsPath: ufsPath).alluxioPath)
    } catch { return .failure(LoadFailure(error)) }
    let freed = await policies.calls.perform {
      [policies] () -> Result<PolicyOutcome, CatalogError> in
      do throws(CatalogError) {
        return .success(try policies.free(path, forced: false))
      } catch { return .failure(error) }
    }
    switch freed.value {
    case .success(let outcome)?:
      return .success(
        FileCount(
          files: Int64(clamping: outcome.droppedFiles), bytes: Int64(clamping: outcome.droppedBytes)
        ))
    case .failure(let error)?:
      return .failure(LoadFailure(reason: "\(error)", retryAfter: .seconds(1)))
    case nil:
      return .failure(LoadFailure(reason: "the catalog does not answer", retryAfter: .seconds(1)))
    }
  }
}
