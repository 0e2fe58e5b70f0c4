--- Calls a function of the user's that must not wait, and may do anything.
--
-- In a coroutine of its own, since nothing of the library's may stand inside pcall (5.1).

local create, resume, status = coroutine.create, coroutine.resume, coroutine.status

--- Result: true and fn's first result; or false and what is wrong with it.
local function guarded(fn, ...)
  local co = create(function(...) return fn(...) end) -- 5.1: no C function
  local ok, value = resume(co, ...)
  if not ok then return false, "raised: " .. tostring(value) end
  if status(co) ~= "dead" then return false, "tried to wait" end
  return true, value
end

return guarded
