/*
 * Reads a transcript: what is said on the wire, and what the exchange makes of it.
 *
 * The form is described in spec/support/transcript.lua, which plays the same files in
 * Lua. Lines that are Lua's alone ($ and *) are passed over here.
 */
#ifndef BC260Y_TRANSCRIPT_H
#define BC260Y_TRANSCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRANSCRIPT_STEPS_MAX 128

struct bytes {
	uint8_t *data;
	size_t size;
};

enum step_type { STEP_START, STEP_SAY, STEP_PASS };

struct step {
	enum step_type type;
	unsigned line;
	struct bytes bytes;  /* START: the command without CR; SAY: the stream */
	struct bytes data;   /* START: what follows the prompt */
	struct bytes prefix; /* START: of its information lines */
	uint32_t timeout_ms;
	bool bare;
	bool fence;	     /* START: one passes before */
	uint64_t ms;	     /* PASS */
	struct bytes events; /* what has to come of it: see transcript_note */
	struct bytes writes; /* and what has to be written */
};

struct transcript {
	const char *name;
	struct step steps[TRANSCRIPT_STEPS_MAX + 1]; /* the last gathers options */
	unsigned step_count;
	unsigned line;
	bool attached;	   /* a fence has passed before the first step */
	bool stream;	   /* the last line that counts was one of a stream */
	const char *fault; /* why it can't be read, at that line */
};

static void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	uint8_t *grown;

	if (!size)
		return;
	grown = realloc(bytes->data, bytes->size + size);
	if (!grown)
		exit(2);
	memcpy(grown + bytes->size, data, size);
	bytes->data = grown;
	bytes->size += size;
}

/* Adds one event to a list: its size in two bytes, and itself. */
static void transcript_note(struct bytes *list, const struct bytes *event)
{
	uint8_t size[2] = {(uint8_t)(event->size >> 8), (uint8_t)event->size};

	bytes_add(list, size, sizeof(size));
	bytes_add(list, event->data, event->size);
}

/* One byte as it is written, from *at on. False: there is no such form. */
static bool take_byte(const char *text, size_t size, size_t *at, uint8_t *byte)
{
	static const char names[] = "rn0\\";
	static const char meant[] = "\r\n\0\\";
	const char *name;
	char digits[3] = {0};
	char *end;

	*byte = (uint8_t)text[(*at)++];
	if (*byte != '\\')
		return *byte >= ' ' && *byte <= '~';
	if (*at == size)
		return false;
	if (text[*at] == 'x' && *at + 2 < size) {
		memcpy(digits, text + *at + 1, 2);
		*byte = (uint8_t)strtoul(digits, &end, 16);
		*at += 3;
		return !*end;
	}
	name = memchr(names, text[(*at)++], sizeof(names) - 1);
	if (name)
		*byte = (uint8_t)meant[name - names];
	return name != NULL;
}

static bool bytes_decode(struct bytes *bytes, const char *text, size_t size)
{
	for (size_t at = 0; at < size;) {
		unsigned long count = 1;
		uint8_t byte;

		if (at + 2 < size && text[at] == '\\' && text[at + 1] == '*') {
			char *end;

			count = strtoul(text + at + 2, &end, 10);
			if (*end != ':')
				return false;
			at = (size_t)(end - text) + 1;
		}
		if (at >= size || !take_byte(text, size, &at, &byte))
			return false;
		while (count--)
			bytes_add(bytes, &byte, 1);
	}
	return true;
}

static uint64_t read_ms(const char *text)
{
	return (uint64_t)(strtod(text, NULL) * 1000 + 0.5);
}

static struct step *add_step(struct transcript *t, enum step_type type)
{
	struct step *step = &t->steps[t->step_count];

	if (t->step_count == TRANSCRIPT_STEPS_MAX) {
		t->fault = "too many steps";
		return step;
	}
	t->step_count++;
	if (type == STEP_START) /* with the options that stand before it */
		t->steps[t->step_count] = (struct step){0};
	else
		t->steps[t->step_count] = *step;
	if (type != STEP_START)
		*step = (struct step){0};
	step->type = type;
	step->line = t->line;
	return step;
}

static bool add_command(struct transcript *t, bool written, const char *text, size_t size)
{
	struct step *step = add_step(t, STEP_START);

	if (!bytes_decode(&step->bytes, text, size) || step->bytes.size < 3 ||
	    step->bytes.data[step->bytes.size - 1] != '\r')
		return false;
	if (written)
		bytes_add(&step->writes, step->bytes.data, step->bytes.size);
	step->bytes.size--;
	return true;
}

static bool add_stream(struct transcript *t, const char *text, size_t size)
{
	struct step *step = t->stream ? &t->steps[t->step_count - 1] : add_step(t, STEP_SAY);

	return bytes_decode(&step->bytes, text, size);
}

static bool add_event(struct transcript *t, const char *text, size_t size)
{
	struct bytes event = {0};
	bool good = t->step_count && bytes_decode(&event, text, size);

	if (good)
		transcript_note(&t->steps[t->step_count - 1].events, &event);
	free(event.data);
	return good;
}

/* The rest of text behind word and a blank, or NULL. */
static const char *behind(const char *text, const char *word)
{
	size_t size = strlen(word);

	return strncmp(text, word, size) || (text[size] && text[size] != ' ') ? NULL
									      : text + size + 1;
}

static bool add_option(struct transcript *t, const char *text)
{
	struct step *step = &t->steps[t->step_count];
	const char *value;

	if ((value = behind(text, "data")) != NULL)
		return bytes_decode(&step->data, value, strlen(value));
	if ((value = behind(text, "prefix")) != NULL)
		return bytes_decode(&step->prefix, value, strlen(value));
	if ((value = behind(text, "timeout")) != NULL)
		step->timeout_ms = (uint32_t)read_ms(value);
	else if (behind(text, "bare"))
		step->bare = true;
	else if (behind(text, "fence"))
		step->fence = true;
	else if (behind(text, "attach"))
		t->attached = true;
	else
		return behind(text, "format") != NULL;
	return true;
}

/* text: a line behind its mark and a blank. */
static bool add_line(struct transcript *t, const char *mark, const char *text)
{
	size_t size = strlen(text);

	if (!strcmp(mark, "#") || !strcmp(mark, "$") || !strcmp(mark, "*"))
		return true;
	if (!strcmp(mark, "%"))
		return add_option(t, text);
	if (!strcmp(mark, "<"))
		return add_stream(t, text, size);
	if (!strcmp(mark, ">") || !strcmp(mark, "!"))
		return add_command(t, *mark == '>', text, size);
	if (!strcmp(mark, "="))
		return add_event(t, text, size);
	if (!strcmp(mark, ">>"))
		return t->step_count &&
		       bytes_decode(&t->steps[t->step_count - 1].writes, text, size);
	if (strcmp(mark, "@") != 0)
		return false;
	add_step(t, STEP_PASS)->ms = read_ms(text);
	return true;
}

/* Takes one line, which ends in a NUL. */
static bool transcript_line(struct transcript *t, char *line)
{
	char *text = strchr(line, ' ');
	bool good;

	t->line++;
	if (!*line || !strcmp(line, "#"))
		return true;
	if (!text || text == line || text - line > 2 || line[strlen(line) - 1] == ' ')
		return false;
	*text++ = 0;
	good = add_line(t, line, text) && !t->fault;
	if (*line != '#')
		t->stream = !strcmp(line, "<");
	return good;
}

static void transcript_free(struct transcript *t)
{
	for (unsigned i = 0; i <= t->step_count; i++) {
		struct step *step = &t->steps[i];

		free(step->bytes.data);
		free(step->data.data);
		free(step->prefix.data);
		free(step->events.data);
		free(step->writes.data);
	}
}

/* Reads the file of that name. False: it can't be, see t->fault and t->line. */
static bool transcript_read(struct transcript *t, const char *path, const char *name)
{
	static char line[8192];
	FILE *file = fopen(path, "r");

	*t = (struct transcript){.name = name};
	if (!file) {
		t->fault = "it can't be opened";
		return false;
	}
	while (!t->fault && fgets(line, sizeof(line), file)) {
		size_t size = strlen(line);

		if (!size || line[size - 1] != '\n')
			t->fault = "a line without end";
		else
			line[size - 1] = 0;
		if (!t->fault && !transcript_line(t, line))
			t->fault = "this line can't be read";
	}
	fclose(file);
	return !t->fault;
}

#endif
