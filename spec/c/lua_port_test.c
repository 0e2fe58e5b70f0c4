/*
 * The bindings of ports where this machine can't show it: lines on USB in the list, a
 * list that the system has not got, poll(2) refused, ports in place of other things.
 */
/* needs: lua_core.c lua_framer.c lua_codec.c lua_exchange.c lua_line.c lua_port.c */
/* needs: port_fd.c port_net.c port_serial.c port_tty.c */
/* needs: lua_disk.c lua_ledger.c port_disk.c */
/* libs: lua5.4 libserialport */
/* wraps: poll sp_list_ports sp_free_port_list sp_get_port_name sp_get_port_description */
/* wraps: sp_get_port_transport sp_get_port_usb_serial sp_get_port_usb_vid_pid */
#define _GNU_SOURCE

#include <errno.h>
#include <lauxlib.h>
#include <libserialport.h>
#include <lualib.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>

#include "check.h"
#include "fault.h"
#include "lua_core.h"

#define NEVER (1L << 30)

int luaopen_bc260y_core(lua_State *L);

FAULTY(int, poll, -1, (struct pollfd * items, nfds_t count, int ms), (items, count, ms))

/* The lines of a machine that has two: one on USB, and one of which only the name is
 * known. */
static struct sp_port *lines[] = {(struct sp_port *)"/dev/ttyUSB0", (struct sp_port *)"/dev/ttyS0",
				  NULL};
static int lists; /* that are not freed */
static enum sp_return list_result;

static bool on_usb(const struct sp_port *line)
{
	return line == lines[0];
}

enum sp_return __wrap_sp_list_ports(struct sp_port ***list);
enum sp_return __wrap_sp_list_ports(struct sp_port ***list)
{
	errno = ENOENT;
	if (list_result != SP_OK)
		return list_result;
	*list = lines;
	lists++;
	return SP_OK;
}

void __wrap_sp_free_port_list(struct sp_port **list);
void __wrap_sp_free_port_list(struct sp_port **list)
{
	CHECK(list == lines);
	lists--;
}

char *__wrap_sp_get_port_name(struct sp_port *line);
char *__wrap_sp_get_port_name(struct sp_port *line)
{
	return (char *)line;
}

char *__wrap_sp_get_port_description(const struct sp_port *line);
char *__wrap_sp_get_port_description(const struct sp_port *line)
{
	static char bridge[] = "Bridge";

	return on_usb(line) ? bridge : NULL;
}

enum sp_transport __wrap_sp_get_port_transport(const struct sp_port *line);
enum sp_transport __wrap_sp_get_port_transport(const struct sp_port *line)
{
	return on_usb(line) ? SP_TRANSPORT_USB : SP_TRANSPORT_NATIVE;
}

char *__wrap_sp_get_port_usb_serial(const struct sp_port *line);
char *__wrap_sp_get_port_usb_serial(const struct sp_port *line)
{
	static char serial[] = "A1B2";

	CHECK(on_usb(line));
	return serial;
}

enum sp_return __wrap_sp_get_port_usb_vid_pid(const struct sp_port *line, int *vid, int *pid);
enum sp_return __wrap_sp_get_port_usb_vid_pid(const struct sp_port *line, int *vid, int *pid)
{
	CHECK(on_usb(line));
	*vid = 0x0403;
	*pid = 0x6001;
	return SP_OK;
}

/* A script whose assertions hold, with core as a global. */
static void holds(lua_State *L, const char *script)
{
	CHECK_INT(luaL_dostring(L, script), LUA_OK);
	if (lua_gettop(L) > 0)
		fprintf(stderr, "\t%s\n", lua_tostring(L, -1));
	lua_settop(L, 0);
}

static void test_list(lua_State *L)
{
	holds(L,
	      "local list = assert(core.ports())\n"
	      "assert(#list == 2)\n"
	      "local usb, plain = list[1], list[2]\n"
	      "assert(usb.name == '/dev/ttyUSB0' and usb.description == 'Bridge')\n"
	      "assert(usb.serial == 'A1B2' and usb.usb_vid == 0x0403 and usb.usb_pid == 0x6001)\n"
	      "assert(plain.name == '/dev/ttyS0')\n"
	      "plain.name = nil\n"
	      "assert(next(plain) == nil)\n");
	CHECK_INT(lists, 0);
	list_result = SP_ERR_FAIL;
	holds(L, "local list, err, detail, more = core.ports()\n"
		 "assert(list == nil and err == 'not supported' and more == nil)\n"
		 "assert(detail == 'list of serial lines: No such file or directory')\n");
	list_result = SP_ERR_MEM;
	holds(L, "local list, err, detail = core.ports()\n"
		 "assert(list == nil and err == 'error')\n"
		 "assert(detail == 'list of serial lines: Cannot allocate memory')\n");
	list_result = SP_OK;
}

/* Out of memory in the middle of the list: the collector frees it. */
static void *starved(void *context, void *block, size_t old_size, size_t size)
{
	long *left = context;

	if (size == 0) {
		free(block);
		return NULL;
	}
	if ((!block || size > old_size) && --*left < 0)
		return NULL;
	return realloc(block, size);
}

static void test_list_out_of_memory(void)
{
	long left = NEVER;
	lua_State *L = lua_newstate(starved, &left);
	bool done = false;
	int held = 0; /* how often it ran out while there was a list */

	luaL_requiref(L, "core", luaopen_bc260y_core, 1);
	lua_settop(L, 0);
	for (long room = 0; !done; room++) {
		lua_getglobal(L, "core");
		lua_getfield(L, -1, "ports");
		left = room;
		done = lua_pcall(L, 0, 0, 0) == LUA_OK;
		left = NEVER;
		held += lists;
		lua_settop(L, 0);
		lua_gc(L, LUA_GCCOLLECT, 0);
		CHECK_INT(lists, 0);
	}
	CHECK(held > 3);
	lua_close(L);
}

static void test_poll_refused(lua_State *L)
{
	fault_in("poll", 0, EINVAL);
	holds(L, "local held, err = pcall(core.poll, { 0, 1 }, 0)\n"
		 "assert(not held and err == 'poll: Invalid argument', err)\n");
	CHECK(fault_end());
}

/* A method called on what is no object of its class, of whatever size, touches nothing. */
static void test_strangers(lua_State *L)
{
	void *framer, *forged;

	lua_pushlightuserdata(L, &lists);
	lua_setglobal(L, "light");
	memset(lua_newuserdatauv(L, 4096, 0), 0, 4096);
	lua_setglobal(L, "bare");
	/* What tells a framer from others, but elsewhere. */
	CHECK_INT(luaL_dostring(L, "return core.framer()"), LUA_OK);
	framer = lua_touserdata(L, -1);
	forged = memset(lua_newuserdatauv(L, 4096, 0), 0, 4096);
	memcpy(forged, framer, sizeof(struct bc260y_lua_object));
	lua_setglobal(L, "forged");
	lua_pop(L, 1);
	lua_newuserdatauv(L, 0, 0);
	lua_setglobal(L, "empty");
	holds(L, "local methods = { port = debug.getregistry()['bc260y.port'].__index,\n"
		 "  framer = getmetatable(core.framer()).__index,\n"
		 "  exchange = getmetatable(core.exchange()).__index }\n"
		 "local strangers = { light, bare, forged, empty, io.stdout, core.framer(),\n"
		 "  core.exchange(), {}, 'text', 1, true }\n"
		 "for class, list in pairs(methods) do\n"
		 "  for name, method in pairs(list) do\n"
		 "    for _, stranger in ipairs(strangers) do\n"
		 "      local mt = getmetatable(stranger)\n"
		 "      if type(mt) ~= 'table' or mt.__name ~= 'bc260y.' .. class then\n"
		 "        local held, err = pcall(method, stranger)\n"
		 "        if name ~= 'now' then\n"
		 "          assert(not held, class .. ':' .. name)\n"
		 "          assert(err:find('bc260y.' .. class .. ' expected', 1, true), err)\n"
		 "        end\n"
		 "      end\n"
		 "    end\n"
		 "  end\n"
		 "end\n"
		 "assert(not pcall(core.line, light) and not pcall(core.line, core.framer()))\n");
}

/* What no port can mean is a mistake of the caller's, not an answer. */
static void test_ranges(lua_State *L)
{
	holds(L, "local spec = 'unix:/dev/bc260y/none'\n"
		 "for _, baud in ipairs{ 0, -1, 1e8 + 1, 2^53, 9600.5 } do\n"
		 "  for _, open in ipairs{ core.open, core.serial, core.tty } do\n"
		 "    assert(not pcall(open, '/dev/bc260y/none', baud), baud)\n"
		 "  end\n"
		 "end\n"
		 "assert(select(2, core.open('/dev/bc260y/none', 1e8)) == 'no device')\n"
		 "for _, seconds in ipairs{ 0, -1, 3600.1, 1e300, 0 / 0 } do\n"
		 "  assert(not pcall(core.net, spec, seconds), seconds)\n"
		 "end\n"
		 "assert(select(2, core.net(spec, 3600)) == 'no device')\n"
		 "assert(select(2, core.net(spec, 1e-9)) == 'timeout')\n");
}

int main(void)
{
	lua_State *L = luaL_newstate();

	luaL_openlibs(L);
	luaL_requiref(L, "core", luaopen_bc260y_core, 1);
	lua_settop(L, 0);
	test_list(L);
	test_list_out_of_memory();
	test_poll_refused(L);
	test_strangers(L);
	test_ranges(L);
	lua_close(L);
	return check_end("lua_port");
}
