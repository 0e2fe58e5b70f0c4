# Adds up every line that ends in "N passed, N failed"; exits 1 if any failed or if
# there was no such line.
/[0-9]+ passed, [0-9]+ failed$/ {
  passed += $(NF - 3)
  failed += $(NF - 1)
  lines++
}
END {
  if (!lines) failed++
  printf "%d passed, %d failed\n", passed, failed
  exit failed > 0
}
