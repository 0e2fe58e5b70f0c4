local address = require "bc260y.calls.address"

describe("An address", function()
  it("of IPv4 is four bytes", function()
    for _, text in ipairs { "0.0.0.0", "1.2.3.4", "255.255.255.255", "10.0.0.001" } do
      assert.is_true(address.is_v4(text), text)
      assert.is_false(address.is_v6(text), text)
    end
    for _, text in ipairs { "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.0004", "1.2.3.-4",
      "1.2..4", ".1.2.3.4", "1.2.3.4.", " 1.2.3.4", "1.2.3.4x", "1,2,3,4", "0x1.2.3.4" } do
      assert.is_false(address.is_v4(text), text)
    end
  end)

  it("of IPv6 is eight groups, or fewer and ::, or sixteen bytes", function()
    for _, text in ipairs { "::", "::1", "1::", "fe80::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
      "::2:3:4:5:6:7:8", "1:2:3::5:6:7:8", "ABCD:ef01::2345", "::ffff:1.2.3.4",
      "1:2:3:4:5:6:1.2.3.4", "::2:3:4:5:6:1.2.3.4",
      "36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.48" } do
      assert.is_true(address.is_v6(text), text)
      assert.is_false(address.is_v4(text), text)
    end
    for _, text in ipairs { "", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2::3", "12345::", "g::", ":1:2:3:4:5:6:7:8",
      "1:2:3:4:5:6:7:8:", "::1:", ":1::", "1.2.3.4::", "::1.2.3", "::1.2.3.4:5", "::1.2.3.256",
      "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4", "::1%eth0", "[::1]", " ::1",
      "36.14.1.0.0.64.29.216.0.1.0.2.236.156.25", "36.14.1.0.0.64.29.216.0.1.0.2.236.156.25.256",
    } do
      assert.is_false(address.is_v6(text), text)
    end
  end)

  it("says something but for 0.0.0.0 and ::", function()
    for _, text in ipairs { "1.0.0.0", "0.0.0.9", "::1", "a::", "0:0:F::" } do
      assert.is_true(address.is_known(text), text)
    end
    for _, text in ipairs { "", "0.0.0.0", "::", "0:0:0:0:0:0:0:0" } do
      assert.is_false(address.is_known(text), text)
    end
    assert.is_false(address.is_known(nil))
  end)
end)
