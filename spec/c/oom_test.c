/*
 * The bindings when memory runs out at each of their allocations: a Lua error, no leak,
 * and the same call, made again, gives what it would have given.
 */
/* needs: lua_core.c lua_framer.c lua_codec.c lua_exchange.c lua_line.c lua_port.c */
/* needs: port_fd.c port_net.c port_serial.c port_tty.c */
/* needs: lua_disk.c lua_ledger.c port_disk.c */
/* libs: lua5.4 libserialport */
#define _XOPEN_SOURCE 700

#include "check.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECORD_SIZE = 1 << 16, NEVER = 1 << 30 };

int luaopen_bc260y_core(lua_State *L);

struct memory {
	size_t live;
	long countdown; /* allocations until there is no more */
	bool armed;
	bool failed;
};

static char record[RECORD_SIZE], expected[RECORD_SIZE];
static size_t record_size;

static void *allocate(void *context, void *block, size_t old_size, size_t size)
{
	struct memory *memory = context;
	void *moved;

	if (!block)
		old_size = 0;
	if (size == 0) {
		memory->live -= old_size;
		free(block);
		return NULL;
	}
	if (size > old_size && memory->armed && memory->countdown-- <= 0) {
		memory->failed = true;
		return NULL;
	}
	moved = realloc(block, size);
	if (!moved)
		exit(2);
	memory->live += size - old_size;
	return moved;
}

/* Each is called until it succeeds. */
static const char script[] =
	"local core, path, say, folder = ...\n"
	"local framer, exchange, port, line, ledger\n"
	"local long = ('x'):rep(9000) .. '\\r\\n'\n"
	"local stream = '\\r\\nOK\\r\\n> +QIURC: \"recv\",2,40,' .. ('6a'):rep(40) .. '\\r\\n' ..\n"
	"  '+QIURC: \"recv\",2,x' .. ('y'):rep(60) .. '\\r\\n' .. ('a line '):rep(9) .. '\\r\\n'\n"
	"local answer = '\\r\\n+CSQ: 1,2' .. (' '):rep(50) .. '\\r\\n\\r\\nOK\\r\\n' ..\n"
	"  '+QIURC: \"recv\",2,50,' .. ('z'):rep(50) .. '\\r\\n\\r\\nRDY\\r\\n'\n"
	"local host = ('h'):rep(100)\n"
	"local cereg = '+CEREG: 5,1,\"4C10\",\"084958B4\",9,,,\"00100101\",\"00111000\"'\n"
	"local function next_frame() return framer:next() end\n"
	"local function next_event() return exchange:next(1) end\n"
	"local function step() return line:step(5) end\n"
	"local function next_of_line() return line:next() end\n"
	"local many = ''\n"
	"for i = 1, 70 do many = many .. '\\r\\n+IP: ' .. i .. (' '):rep(60) .. '\\r\\n' end\n"
	"local function turn_until_event()\n"
	"  local event, text\n"
	"  repeat event, text = line:turn(true) until event\n"
	"  return event, text\n"
	"end\n"
	"local list = {\n"
	"  function() framer = core.framer(2112) end,\n"
	"  function() framer:feed(long) end,\n"
	"  next_frame, next_frame,\n"
	"  function() framer:feed(stream) end,\n"
	"  next_frame, next_frame, next_frame, next_frame, next_frame, next_frame,\n"
	"  function() return framer:in_payload() end,\n"
	"  function() framer:abort() framer:forget() end,\n"
	"  function() return core.encode('QIOPEN', 1, 'TCP', host, 80, 0) end,\n"
	"  function() return core.encode('QIOPEN', 9, 'TCP', host, 80, 0) end,\n"
	"  function() return core.encode('QISEND hex', 1, host, 2) end,\n"
	"  function() return core.decode('+CEREG', cereg) end,\n"
	"  function() return core.decode('+CSQ', cereg) end,\n"
	"  function() exchange = core.exchange() end,\n"
	"  function() return exchange:start(0, 'AT;') end,\n"
	"  function() return exchange:start(0, 'AT+CSQ', nil, 1, '+CSQ', true) end,\n"
	"  function() return exchange:start(0, 'AT') end,\n"
	"  function() return exchange:output(0) end,\n"
	"  function() return exchange:written(0, 7) end,\n"
	"  function() exchange:feed(0, answer) end,\n"
	"  next_event, next_event, next_event, next_event, next_event, next_event,\n"
	"  function() return exchange:deadline() end,\n"
	"  function() return exchange:in_flight(), exchange:cancel() end,\n"
	"  function() return exchange:settle('send') end,\n"
	"  function() return exchange:stats() end,\n"
	"  function() return core.open('/dev/bc260y/none') end,\n"
	"  function() return core.serial('/dev/bc260y/none') end,\n"
	"  function() return core.tty('/dev/bc260y/none') end,\n"
	"  function() return core.net('unix:/dev/bc260y/none') end,\n"
	"  function() return core.net('tcp:') end,\n"
	"  function() port = core.tty('/dev/null') end,\n"
	"  function() return core.poll({}, 0) end,\n"
	"  function() return core.ports() end,\n"
	"  function() return core.now() > 0 end,\n"
	"  function() return core.crc32c(long), #core.entropy(8) end,\n"
	"  function() return core.ledger('/dev/bc260y/none') end,\n"
	"  function() ledger = core.ledger(folder, { id = 'outbox-1' }) end,\n"
	"  function() return core.ledger(folder) end,\n"
	"  function() return ledger:append(host), ledger:commit(), ledger:id() end,\n"
	"  function() return ledger:read(1), ledger:size() end,\n"
	"  function() return ledger:read(2) end,\n"
	"  function() return ledger:stats() end,\n"
	"  function() return ledger:release(1), ledger:drop(), ledger:close() end,\n"
	"  function() port = core.tty(path) end,\n"
	"  function() line = core.line(port) end,\n"
	"  function() return line:start('AT;') end,\n"
	"  function() return line:start('AT+CSQ') end,\n"
	"  function() return line:run('AT') end,\n"
	"  function() say(answer) end,\n"
	"  step, next_of_line, next_of_line, next_of_line, next_of_line,\n"
	"  function() return line:stats() end,\n"
	"  function() return line:settle('send'), line:fence(), line:fill(), line:forgive() end,\n"
	"}\n"
	/* More than one read gives: an event that is still to be given stands in the buffer. */
	"list[#list + 1] = function() say(many) end\n"
	"for i = 1, 70 do list[#list + 1] = turn_until_event end\n"
	"list[#list + 1] = function() return line:close(), port:close() end\n"
	"return list\n";

static void note(const char *text, size_t size)
{
	if (record_size + size + 2 > sizeof(record))
		exit(2);
	memcpy(record + record_size, text, size);
	record_size += size;
	record[record_size++] = '\n';
	record[record_size] = 0;
}

/* Values whose address would differ are noted by their type. */
static void note_values(lua_State *L, int from)
{
	for (int i = from; i <= lua_gettop(L); i++) {
		const char *text = luaL_typename(L, i);
		size_t size = strlen(text);

		if (lua_isboolean(L, i)) {
			text = lua_toboolean(L, i) ? "true" : "false";
			size = strlen(text);
		} else if (lua_isstring(L, i)) {
			text = lua_tolstring(L, i, &size);
		}
		note(text, size);
	}
}

/* The function on top, with count arguments under it: until it succeeds. */
static void call(lua_State *L, struct memory *memory, int argument_count)
{
	int base = lua_gettop(L) - argument_count - 1;

	for (int tries = 0; tries < 2; tries++) {
		int status;

		for (int i = base + 1; i <= base + 1 + argument_count; i++)
			lua_pushvalue(L, i);
		memory->armed = true;
		status = lua_pcall(L, argument_count, LUA_MULTRET, 0);
		memory->armed = false;
		if (status == LUA_OK) {
			note_values(L, base + 2 + argument_count);
			break;
		}
		CHECK_INT(status, LUA_ERRMEM);
		CHECK(tries == 0 && memory->failed);
		CHECK(lua_isstring(L, -1));
		memory->countdown = NEVER;
		lua_settop(L, base + 1 + argument_count);
	}
	lua_settop(L, base);
}

static char folder[32];

/* Where no outbox is yet. */
static const char *empty_folder(void)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/0000000000000001.segment", folder);
	unlink(name);
	return folder;
}

static int master = -1;

/* A port whose other side is here. Result: its name. */
static const char *open_pty(void)
{
	if (master >= 0)
		close(master);
	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) || unlockpt(master))
		exit(2);
	return ptsname(master);
}

static int say(lua_State *L)
{
	size_t size;
	const char *bytes = lua_tolstring(L, 1, &size);

	if (write(master, bytes, size) != (ssize_t)size)
		exit(2);
	return 0;
}

/* Memory runs out at the given allocation. Result: whether it came to that. */
static bool play(long countdown)
{
	struct memory memory = {0, countdown, false, false};
	lua_State *L = lua_newstate(allocate, &memory);

	record_size = 0;
	luaL_openlibs(L);
	lua_pushcfunction(L, luaopen_bc260y_core);
	call(L, &memory, 0);
	lua_pushcfunction(L, luaopen_bc260y_core);
	lua_call(L, 0, 1);
	if (luaL_loadstring(L, script))
		exit(2);
	lua_insert(L, -2);
	lua_pushstring(L, open_pty());
	lua_pushcfunction(L, say);
	lua_pushstring(L, empty_folder());
	lua_call(L, 4, 1);
	for (int i = 1; lua_rawgeti(L, 1, i) == LUA_TFUNCTION; i++)
		call(L, &memory, 0);
	lua_close(L);
	CHECK_INT(memory.live, 0);
	return memory.failed;
}

int main(void)
{
	long countdown = 0;

	/* In memory, where a sync takes no time. */
	snprintf(folder, sizeof(folder), "%s/bc260y-oom-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	CHECK(mkdtemp(folder) != NULL);
	CHECK(!play(NEVER));
	memcpy(expected, record, sizeof(expected));
	CHECK(strstr(expected, "orphan") == NULL && strstr(expected, "reset\n"));
	CHECK(strstr(expected, "overflow\n9000\n"));
	while (play(countdown)) {
		CHECK(!strcmp(record, expected));
		countdown++;
	}
	printf("memory ran out at each of %ld allocations\n", countdown);
	CHECK(countdown > 100);
	empty_folder();
	snprintf(record, sizeof(record), "%s/lock", folder);
	CHECK(!unlink(record) && !rmdir(folder));
	return check_end("oom");
}
