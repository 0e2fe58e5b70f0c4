-- The script that bin/bc260y and luarocks start; knows nothing but where the work is.
os.exit(require("bc260y.cli").main(arg), true)
