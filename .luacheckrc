std = "max"
cache = false
max_line_length = 100
max_code_line_length = 100
exclude_files = {"build"}
files["spec/**/*.lua"] = {std = "+busted"}
files["**/*.rockspec"] = {std = "+rockspec"}
