/*
 * bc260y.core.encode, decode and errors: the tables of the codec, for Lua.
 *
 * It knows how values cross into Lua and no command by name. Wrong types raise; what a
 * string holds or a number amounts to is answered with nil and why.
 */
#include "codec.h"
#include "lua_core.h"

static const struct bc260y_table *const tables[] = {&bc260y_ip_table, &bc260y_module_table};
#define TABLE_COUNT (sizeof(tables) / sizeof(tables[0]))

static bool is_number(const struct bc260y_field *field)
{
	return field->kind == BC260Y_KIND_NUMBER;
}

/* False for a number that is not whole. */
static bool get_number(lua_State *L, int index, struct bc260y_value *value)
{
	double number = (double)lua_tonumber(L, index);

	if (!(number >= -BC260Y_LUA_EXACT_MAX && number <= BC260Y_LUA_EXACT_MAX))
		return false;
	value->kind = BC260Y_KIND_NUMBER;
	value->number = (int64_t)number;
	return (double)value->number == number;
}

static void get_text(lua_State *L, int index, struct bc260y_value *value)
{
	value->kind = BC260Y_KIND_TEXT;
	value->text = lua_tolstring(L, index, &value->size);
}

/* Numbers are taken as texts, as Lua does, but no text as a number. */
static bool get_value(lua_State *L, int index, const struct bc260y_field *field,
		      struct bc260y_value *value)
{
	int type = lua_type(L, index);

	*value = (struct bc260y_value){BC260Y_KIND_NIL, 0, NULL, 0};
	if (type <= LUA_TNIL && field->optional)
		return true;
	if (type != LUA_TNUMBER && (type != LUA_TSTRING || is_number(field)))
		luaL_argerror(L, index,
			      lua_pushfstring(L, "%s: %s expected, got %s", field->name,
					      is_number(field) ? "number" : "string",
					      luaL_typename(L, index)));
	if (is_number(field))
		return get_number(L, index, value);
	get_text(L, index, value);
	return true;
}

/* nil, "invalid argument", the field's name, what it may be */
static int push_invalid(lua_State *L, const struct bc260y_field *field)
{
	int min = (int)field->min;

	lua_pushnil(L);
	lua_pushliteral(L, "invalid argument");
	lua_pushstring(L, field->name);
	if (is_number(field)) {
		lua_pushfstring(L, "%d to %d", min, (int)field->max);
	} else if (field->kind == BC260Y_KIND_SERVICE) {
		lua_pushliteral(L, "TCP or UDP");
	} else {
		const char *rule = field->kind == BC260Y_KIND_QUOTED ? ", no quote, no control byte"
				   : field->kind == BC260Y_KIND_INLINE ? ", 0x20 to 0x7E alone"
								       : "";

		if (min == (int)field->max)
			lua_pushfstring(L, "%d bytes%s", min, rule);
		else
			lua_pushfstring(L, "%d to %d bytes%s", min, (int)field->max, rule);
	}
	return 4;
}

static const struct bc260y_form *check_form(lua_State *L, bool command)
{
	const char *name = luaL_checkstring(L, 1);
	const struct bc260y_form *form = NULL;

	for (size_t i = 0; i < TABLE_COUNT && !form; i++)
		form = command ? bc260y_command_form(tables[i], name)
			       : bc260y_response_form(tables[i], name);
	if (!form)
		luaL_argerror(L, 1,
			      lua_pushfstring(L, "no %s is called '%s'",
					      command ? "command" : "response", name));
	return form;
}

/* core.encode(name, ...) -> the command line without its CR
 * | nil, "invalid argument", the parameter's name, what it may be.
 * Raises on an unknown name, a wrong type, too many arguments. */
static int core_encode(lua_State *L)
{
	const struct bc260y_form *form = check_form(L, true);
	const struct bc260y_field *fault = NULL;
	struct bc260y_value values[BC260Y_FIELD_COUNT_MAX];
	char line[BC260Y_COMMAND_SIZE_MAX];
	int given = lua_gettop(L);
	int count = 0;
	int size;

	for (int i = 0; i < form->field_count; i++) {
		if (form->fields[i].kind == BC260Y_KIND_FIXED)
			continue;
		if (!get_value(L, 2 + count, &form->fields[i], &values[count]))
			return push_invalid(L, &form->fields[i]);
		count++;
	}
	luaL_argcheck(L, given <= 1 + count, 2 + count, "no argument expected");
	size = bc260y_encode(line, sizeof(line), form, values, (size_t)count, &fault);
	if (size < 0 && fault)
		return push_invalid(L, fault);
	if (size < 0)
		return luaL_error(L, "%s does not fit a command line", form->name);
	lua_pushlstring(L, line, (size_t)size);
	return 1;
}

static void push_value(lua_State *L, const struct bc260y_value *value)
{
	if (value->kind == BC260Y_KIND_NUMBER && value->number < 0)
		lua_pushinteger(L, (lua_Integer)value->number);
	else if (value->kind == BC260Y_KIND_NUMBER)
		bc260y_lua_push_count(L, (uint64_t)value->number);
	else if (value->kind == BC260Y_KIND_TEXT)
		lua_pushlstring(L, value->text, value->size);
	else
		lua_pushnil(L);
}

/* core.decode(name, line) -> one value for each field of that response, nil for those
 * that were left out | nil, "malformed", the field's name or nil.
 * Raises on an unknown name. */
static int core_decode(lua_State *L)
{
	const struct bc260y_form *form = check_form(L, false);
	const struct bc260y_field *fault = NULL;
	struct bc260y_value values[BC260Y_FIELD_COUNT_MAX];
	size_t size;
	const char *line = luaL_checklstring(L, 2, &size);

	if (bc260y_decode(form, line, size, values, &fault) < 0) {
		lua_pushnil(L);
		lua_pushliteral(L, "malformed");
		lua_pushstring(L, fault ? fault->name : NULL);
		return 3;
	}
	for (int i = 0; i < form->field_count; i++)
		push_value(L, &values[i]);
	return form->field_count;
}

/* A field as a table: name, kind, min, max (of a number, or of a text's size), optional. */
static void push_field(lua_State *L, const struct bc260y_field *field)
{
	static const char *const kinds[] = {
		[BC260Y_KIND_NIL] = "nil",	   [BC260Y_KIND_NUMBER] = "number",
		[BC260Y_KIND_SIGNED] = "signed",   [BC260Y_KIND_FIXED] = "fixed",
		[BC260Y_KIND_SERVICE] = "service", [BC260Y_KIND_QUOTED] = "quoted",
		[BC260Y_KIND_INLINE] = "inline",   [BC260Y_KIND_HEX] = "hex",
		[BC260Y_KIND_TEXT] = "text",	   [BC260Y_KIND_REST] = "rest",
	};

	lua_createtable(L, 0, 5);
	lua_pushstring(L, field->name);
	lua_setfield(L, -2, "name");
	lua_pushstring(L, kinds[field->kind]);
	lua_setfield(L, -2, "kind");
	lua_pushnumber(L, field->kind == BC260Y_KIND_SIGNED ? -(lua_Number)field->max
							    : (lua_Number)field->min);
	lua_setfield(L, -2, "min");
	lua_pushnumber(L, (lua_Number)field->max);
	lua_setfield(L, -2, "max");
	lua_pushboolean(L, field->optional);
	lua_setfield(L, -2, "optional");
}

static void push_form(lua_State *L, const struct bc260y_form *form)
{
	lua_createtable(L, 0, 3);
	lua_pushstring(L, form->name);
	lua_setfield(L, -2, "name");
	lua_pushstring(L, form->prefix);
	lua_setfield(L, -2, "prefix");
	lua_createtable(L, form->field_count, 0);
	for (int i = 0; i < form->field_count; i++) {
		push_field(L, &form->fields[i]);
		lua_rawseti(L, -2, i + 1);
	}
	lua_setfield(L, -2, "fields");
}

/* core.forms("command" | "response") -> all that encode or decode knows: a list of
 * { name, prefix, fields }, fields a list of { name, kind, min, max, optional } */
static int core_forms(lua_State *L)
{
	static const char *const names[] = {"command", "response", NULL};
	bool command = luaL_checkoption(L, 1, NULL, names) == 0;
	int count = 0;

	lua_newtable(L);
	for (size_t t = 0; t < TABLE_COUNT; t++) {
		int size = command ? tables[t]->command_count : tables[t]->response_count;

		for (int i = 0; i < size; i++) {
			push_form(L, command ? &tables[t]->commands[i] : &tables[t]->responses[i]);
			lua_rawseti(L, -2, ++count);
		}
	}
	return 1;
}

static const luaL_Reg functions[] = {
	{"encode", core_encode},
	{"decode", core_decode},
	{"forms", core_forms},
	{NULL, NULL},
};

/* core.errors[code]: the manual's words for 550 to 574 */
static void push_errors(lua_State *L)
{
	lua_createtable(L, 0, BC260Y_ERROR_LAST - BC260Y_ERROR_FIRST + 1);
	for (int code = BC260Y_ERROR_FIRST; code <= BC260Y_ERROR_LAST; code++) {
		lua_pushstring(L, bc260y_error_text(code));
		lua_rawseti(L, -2, code);
	}
}

void bc260y_lua_open_codec(lua_State *L)
{
	bc260y_lua_functions(L, functions);
	push_errors(L);
	lua_setfield(L, -2, "errors");
}
