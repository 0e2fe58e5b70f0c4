-- The other direction of the transcripts: what they have the module say, the virtual module
-- says, byte for byte and then; chapter 4 is in chapter4_spec.lua. The bytes were written
-- for the driver (spec/transcripts_spec.lua), the module from the manual alone.

local play = require "spec.support.transcript_virtual"
local transcript = require "spec.support.transcript"
local transcript_scenes = require "spec.support.transcript_scenes"

local scenes, unsaid = transcript_scenes.scenes, transcript_scenes.unsaid

describe("The virtual module says what is in", function()
  for _, name in ipairs(transcript.names()) do
    if scenes[name] then
      it(name, function() play.new(transcript.read(name), scenes[name]) end)
    end
  end
end)

describe("Each transcript", function()
  it("is said by the virtual module, or listed with why not, once", function()
    local there = {}
    for _, name in ipairs(transcript.names()) do
      there[name] = true
      local count = (name:find "^manual_4_" and 1 or 0) + (scenes[name] and 1 or 0)
        + (unsaid[name] and 1 or 0)
      assert(count == 1, name .. ": no scene of its own in transcript_scenes.lua, or more")
    end
    for name in pairs(scenes) do assert.is_true(there[name], "no such file: " .. name) end
    for name in pairs(unsaid) do assert.is_true(there[name], "no such file: " .. name) end
  end)
end)
