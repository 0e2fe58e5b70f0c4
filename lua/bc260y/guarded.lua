--- Calls a function of the user's that has to decide at once, whatever it does.

--- Result: true and what fn(...) gives; or false and what is wrong: it raised, or tried to wait.
local function guarded(fn, ...)
  local co = coroutine.create(function(...) return fn(...) end) -- 5.1: no C function
  local ok, result = coroutine.resume(co, ...)
  if not ok then return false, "raised: " .. tostring(result) end
  if coroutine.status(co) ~= "dead" then return false, "tried to wait" end
  return true, result
end

return guarded
