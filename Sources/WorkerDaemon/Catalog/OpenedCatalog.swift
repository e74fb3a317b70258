// The catalog as a worker opens it: a damaged one is moved aside and begun anew.

import Glibc
import Ring

/// The store of a worker's catalog, and what an operator has to know of it.
struct OpenedCatalog {
  /// Damaged databases that may lie beside before one stays where it is.
  private static let asideCountMax = 100

  /// The store.
  let store: any CatalogStore
  /// What happened to a damaged one, or why it cannot be written; nil when all was well.
  private(set) var complaint: String?

  /// Opens the catalog below `directory`, making that where it is missing; blocks.
  ///
  /// - Throws: `.directory` when the directory cannot be used, naming it and its key.
  init(
    directory: String, key: String, options: RocksCatalogStore.Options
  ) throws(StartError) {
    let path = "\(directory)/catalog"
    do throws(CatalogError) {
      let lasting = try LastingCatalogStore(path: path, options: options)
      store = lasting
      complaint = lasting.refusal.map { Self.full(path, key, $0.description) }
      return
    } catch  where error.isDamage {
      complaint = error.description
    } catch {
      throw Self.unusable(path, key, error.description)
    }
    let places: [String] = (0..<Self.asideCountMax).map { "\(path).damaged-\($0)" }
    let place = places.first { unsafe access($0, F_OK) != 0 }
    guard let place, unsafe rename(path, place) == 0 else {
      throw Self.unusable(path, key, "it is damaged and cannot be moved aside")
    }
    let reason = complaint ?? ""
    complaint =
      "the catalog of cached files \(path) is damaged (\(reason)) and was moved to \(place); a new one"
      + " begins: files cached before are not listed, and leave where a TTL holds"
    do throws(CatalogError) {
      store = try LastingCatalogStore(path: path, options: options)
    } catch {
      throw Self.unusable(path, key, error.description)
    }
  }

  /// A store for a worker whose pages end with it: it takes up `directory` only when there is much to keep.
  static func temporary(directory: String) -> any CatalogStore {
    SpillingCatalogStore {
      let path = "\(directory)/catalog-memory"
      do throws(StartError) {
        try WorkDirectory.make(directory)
      } catch { return .failure(CatalogError(error.description)) }
      do throws(CatalogError) {
        // What an earlier life left there names pages that are gone.
        try RocksCatalogStore.destroy(path: path)
        return .success(try LastingCatalogStore(path: path, options: RocksCatalogStore.Options()))
      } catch { return .failure(error) }
    }
  }

  private static func full(_ path: String, _ key: String, _ reason: String) -> String {
    "the disk of the catalog of cached files \(path) (\(key)) is full: free some of it; files cached until then are"
      + " not listed after a restart (\(reason))"
  }

  private static func unusable(_ path: String, _ key: String, _ reason: String) -> StartError {
    StartError(
      .directory,
      "the catalog of cached files \(path) (\(key)) cannot be opened: \(reason); correct that or set \(key)"
    )
  }
}
