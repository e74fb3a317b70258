import Testing

@testable import WorkerDaemon

@Suite("ListingCursor")
struct ListingCursorTests {
  @Test("a place is read back from its text, whatever words its UFS has")
  func roundTrip() {
    var places = [ListingCursor()]
    for token in ["a/b.bin", "1:2#3", "ä/\u{301}x", "#7", ":"] {
      var place = ListingCursor()
      (place.root, place.token) = (3, token)
      places.append(place)
    }
    var counted = ListingCursor()
    (counted.root, counted.skipCount) = (2, 4096)
    places.append(counted)
    for place in places { #expect(ListingCursor(place.text) == place, "\(place.text)") }
  }

  @Test(
    "what is no place of ours is refused",
    arguments: ["", "x", "1", "1/", ":a", "1#", "1#-2", "1#x", "99999999999999999999:a"])
  func refused(_ text: String) { #expect(ListingCursor(text) == nil) }
}
