-- What a call that is misused raises, if that points to the line of the spec that called.

--- What fn raises, at a line of a misuse spec; "" when nothing.
return function(fn)
  local ok, err = coroutine.resume(coroutine.create(fn)) -- not pcall: for 5.1
  if ok then return "" end
  return tostring(err):match("^[^\n]*misuse_spec.lua:%d+: (.*)$") or "elsewhere: " .. err
end
