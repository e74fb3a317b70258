// Ratios as text.

import Model
import Testing

@Suite struct RateTextTests {
  @Test("ratios are rounded half up and never overflow")
  func rounds() {
    #expect(RateText.percentHundredths(1, of: 3) == 3333)
    #expect(RateText.percentHundredths(2, of: 3) == 6667)
    #expect(RateText.percentHundredths(0, of: 0) == 0)
    #expect(RateText.percentHundredths(.max, of: .max) == 10_000)
    #expect(RateText.percentHundredths(.max, of: 1) == .max)
    #expect(RateText.percentFloor(999, of: 1000) == 99)
    #expect(RateText.hundredths(1205) == "12.05")
  }
}
