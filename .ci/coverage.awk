# gcovr's table of lines and branches a file, aligned, with a total that is checked.
function row(name, lines, lines_run, branches, branches_run) {
  printf "%-24s %6d of %5d lines %6.1f %%   %6d of %5d branches %6.1f %%\n", name,
    lines_run, lines, percent(lines_run, lines),
    branches_run, branches, percent(branches_run, branches)
}
function percent(part, whole) { return whole ? 100 * part / whole : 100 }
NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
{
  l = $column["line_total"]; lr = $column["line_covered"]
  b = $column["branch_total"]; br = $column["branch_covered"]
  row($column["filename"], l, lr, b, br)
  lines += l; lines_run += lr; branches += b; branches_run += br
}
END {
  row("total", lines, lines_run, branches, branches_run)
  failed = !lines || percent(lines_run, lines) < lines_min
  failed += !branches || percent(branches_run, branches) < branches_min
  printf "coverage, at least %d %% of lines and %d %% of branches: %d passed, %d failed\n",
    lines_min, branches_min, 2 - failed, failed
  exit failed > 0
}
