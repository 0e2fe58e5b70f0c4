/*
 * The framer on golden streams, each whole, byte by byte, and cut in two at every place.
 */
#include "framer_play.h"

struct golden {
	const char *name;
	const char *bytes;
	size_t size;
	const char *want;
};

#define GOLDEN(name, bytes, want)                    \
	{                                            \
		name, bytes, sizeof(bytes) - 1, want \
	}

static const struct golden lines[] = {
	GOLDEN("a reply", "\r\n+CSQ: 20,0\r\n\r\nOK\r\n", "L+CSQ: 20,0\nLOK\n"),
	GOLDEN("any mix of line ends", "A\nB\rC\n\rD\r\r\nE\n\n", "LA\nLB\nLC\nLD\nLE\n"),
	GOLDEN("an unfinished line", "\r\nOK", ""),
	GOLDEN("NULs between lines", "\0\0\r\nOK\r\n\0\r\0\nSEND OK\r\n", "LOK\nLSEND OK\n"),
	GOLDEN("NULs in a line", "O\0K\0\r\n", "LO<00>K<00>\n"),
	GOLDEN("a blank line is a line", " \r\n", "L \n"),
	GOLDEN("a line's own blanks", " a \r\n", "L a \n"),
	GOLDEN("control bytes", "\x01\t\x0B\f\x1BOK\r\n", "L<01><09><0B><0C><1B>OK\n"),
	GOLDEN("high bytes", "\xFF\xFE\r\n", "L<FF><FE>\n"),
	GOLDEN("no payload", "+QIURC: \"closed\",0\r\n", "L+QIURC: \"closed\",0\n"),
	GOLDEN("a look-alike", "+QIURC: \"received\",1,2,x\r\n", "L+QIURC: \"received\",1,2,x\n"),
	GOLDEN("an unfinished name", "+QIURC: \"rec\r\nOK\r\n", "L+QIURC: \"rec\nLOK\n"),
	GOLDEN("a header without its id", "+QIURC: \"recv\"\r\nOK\r\n", "L+QIURC: \"recv\"\nLOK\n"),
	GOLDEN("a prefix alone", "+QIURC:\r\n+QIURC: \r\n", "L+QIURC:\nL+QIURC: \n"),
	GOLDEN("a header in a line", "x+QIURC: \"recv\",0,2,OK\r\n", "Lx+QIURC: \"recv\",0,2,OK\n"),
	GOLDEN("dropped data", "+QIURC: \"recv\",1,\"buff full\"\r\nOK\r\n",
	       "L+QIURC: \"recv\",1,\"buff full\"\nLOK\n"),
	GOLDEN("dropped data, LF alone", "+QIURC: \"recv\",1,\"buff full\"\nOK\n",
	       "L+QIURC: \"recv\",1,\"buff full\"\nLOK\n"),
};

static const struct golden prompts[] = {
	GOLDEN("a prompt", "\r\n>", ">\n"),
	GOLDEN("with a blank", "\r\n> \r\nOK\r\n", ">\nLOK\n"),
	GOLDEN("with a line end", "\r\n>\r\nOK\r\n", ">\nLOK\n"),
	GOLDEN("one blank is dropped", ">  x\r\n", ">\nL x\n"),
	GOLDEN("a blank after a line end stays", ">\r\n x\r\n", ">\nL x\n"),
	GOLDEN("text behind it", "> OK\r\n", ">\nLOK\n"),
	GOLDEN("two", ">>", ">\n>\n"),
	GOLDEN("not at the start", "a>\r\n", "La>\n"),
	GOLDEN("after NULs", "\0\0>", ">\n"),
	GOLDEN("a payload behind it", "> +QIURC: \"recv\",0,1,a\r\n", ">\nP0:a\n"),
};

static const struct golden payloads[] = {
	GOLDEN("text", "\r\n+QIURC: \"recv\",0,4,Test\r\nOK\r\n", "P0:Test\nLOK\n"),
	GOLDEN("quoted text", "\r\n+QIURC: \"recv\",4,10,\"hi,quectel\"\r\n", "P4:hi,quectel\n"),
	GOLDEN("hex", "+QIURC: \"recv\",3,4,54657374\r\n", "P3:Test\n"),
	GOLDEN("quoted hex", "+QIURC: \"recv\",2,10,\"31323334353637383930\"\r\n",
	       "P2:1234567890\n"),
	GOLDEN("both cases of digits", "+QIURC: \"recv\",0,3,aBcDeF\r\n", "P0:<AB><CD><EF>\n"),
	GOLDEN("one byte", "+QIURC: \"recv\",0,1,a\r\n+QIURC: \"recv\",0,1,61\r\n", "P0:a\nP0:a\n"),
	GOLDEN("one quoted byte", "+QIURC: \"recv\",0,1,\"a\"\r\n+QIURC: \"recv\",0,1,\"61\"\r\n",
	       "P0:a\nP0:a\n"),
	GOLDEN("two bytes", "+QIURC: \"recv\",0,2,ab\r\n+QIURC: \"recv\",0,2,6162\r\n",
	       "P0:ab\nP0:ab\n"),
	GOLDEN("no blank in the header", "+QIURC:\"recv\",0,1,a\r\n", "P0:a\n"),
	GOLDEN("many blanks in the header", "+QIURC:     \"recv\",0,1,a\r\n", "P0:a\n"),
	GOLDEN("an OK", "+QIURC: \"recv\",0,6,\r\nOK\r\n\r\nOK\r\n",
	       "P0:<0D><0A>OK<0D><0A>\nLOK\n"),
	GOLDEN("a quoted OK", "+QIURC: \"recv\",0,6,\"\r\nOK\r\n\"\r\n\r\nERROR\r\n",
	       "P0:<0D><0A>OK<0D><0A>\nLERROR\n"),
	GOLDEN("a fake URC", "+QIURC: \"recv\",0,22,\r\n+QIURC: \"closed\",0\r\n\r\nOK\r\n",
	       "P0:<0D><0A>+QIURC: \"closed\",0<0D><0A>\nLOK\n"),
	GOLDEN("a fake payload", "+QIURC: \"recv\",0,23,+QIURC: \"recv\",1,2,ab\r\n\r\nOK\r\n",
	       "P0:+QIURC: \"recv\",1,2,ab<0D><0A>\nLOK\n"),
	GOLDEN("NUL, prompt, 0xFF", "+QIURC: \"recv\",0,3,\0>\xFF\r\n", "P0:<00>><FF>\n"),
	GOLDEN("a quoted one", "+QIURC: \"recv\",0,3,\"\0>\xFF\"\r\n", "P0:<00>><FF>\n"),
	GOLDEN("quotes", "+QIURC: \"recv\",0,9,{\"a\":\"b\"}\r\n", "P0:{\"a\":\"b\"}\n"),
	GOLDEN("quotes in quotes", "+QIURC: \"recv\",0,2,\"\"\"\"\r\n", "P0:\"\"\n"),
	GOLDEN("text that is all digits", "+QIURC: \"recv\",0,4,1234\r\n", "P0:1234\n"),
	GOLDEN("quoted digits", "+QIURC: \"recv\",0,4,\"1234\"\r\n", "P0:1234\n"),
	GOLDEN("CR LF and nothing else", "+QIURC: \"recv\",0,2,\r\n\r\n", "P0:<0D><0A>\n"),
	GOLDEN("two in a burst", "+QIURC: \"recv\",0,1,a\r\n\r\n+QIURC: \"recv\",1,1,b\r\n",
	       "P0:a\nP1:b\n"),
};

static const struct golden torn[] = {
	GOLDEN("no such id", "+QIURC: \"recv\",5,1,a\r\nOK\r\n",
	       "T-:+QIURC: \"recv\",5,1,a\nLOK\n"),
	GOLDEN("an id of two digits", "+QIURC: \"recv\",01,1,a\r\n",
	       "T-:+QIURC: \"recv\",01,1,a\n"),
	GOLDEN("no length", "+QIURC: \"recv\",1,,a\r\n", "T1:+QIURC: \"recv\",1,,a\n"),
	GOLDEN("length 0", "+QIURC: \"recv\",1,0,\r\n", "T1:+QIURC: \"recv\",1,0,\n"),
	GOLDEN("length 1025", "+QIURC: \"recv\",1,1025,a\r\n", "T1:+QIURC: \"recv\",1,1025,a\n"),
	GOLDEN("a huge length", "+QIURC: \"recv\",1,4294967297,a\r\n",
	       "T1:+QIURC: \"recv\",1,4294967297,a\n"),
	GOLDEN("a length that wraps", "+QIURC: \"recv\",1,65537,a\r\n",
	       "T1:+QIURC: \"recv\",1,65537,a\n"),
	GOLDEN("a length with a zero before it", "+QIURC: \"recv\",1,01,a\r\n",
	       "T1:+QIURC: \"recv\",1,01,a\n"),
	GOLDEN("a reply inside the header", "+QIURC: \"recv\",0,\r\nOK\r\n12,x\r\n",
	       "T0:+QIURC: \"recv\",0,\nLOK\nL12,x\n"),
	GOLDEN("only CR LF ends a torn frame", "+QIURC: \"recv\",0,1\nOK\rX\r\nOK\r\n",
	       "T0:+QIURC: \"recv\",0,1<0A>OK<0D>X\nLOK\n"),
	GOLDEN("nearly \"buff full\"", "+QIURC: \"recv\",0,\"buff fool\"\r\n",
	       "T0:+QIURC: \"recv\",0,\"buff fool\"\n"),
	GOLDEN("more than \"buff full\"", "+QIURC: \"recv\",0,\"buff full\",1\r\n",
	       "T0:+QIURC: \"recv\",0,\"buff full\",1\n"),
	GOLDEN("text too short", "+QIURC: \"recv\",0,9,abc\r\nOK\r\nrest\r\n",
	       "T0:+QIURC: \"recv\",0,9,abc\nLOK\nLrest\n"),
	GOLDEN("text too long", "+QIURC: \"recv\",0,3,abcd\r\nOK\r\n",
	       "T0:+QIURC: \"recv\",0,3,abcd\nLOK\n"),
	GOLDEN("a bad digit", "+QIURC: \"recv\",0,3,61626x\r\n",
	       "T0:+QIURC: \"recv\",0,3,61626x\n"),
	GOLDEN("a bad first digit", "+QIURC: \"recv\",0,3,x16263\r\n",
	       "T0:+QIURC: \"recv\",0,3,x16263\n"),
	GOLDEN("a bad last digit", "+QIURC: \"recv\",0,8,616263646566676/\r\n",
	       "T0:+QIURC: \"recv\",0,8,616263646566676/\n"),
	GOLDEN("a bad quoted digit", "+QIURC: \"recv\",0,3,\"6162x3\"\r\n",
	       "T0:+QIURC: \"recv\",0,3,\"6162x3\"\n"),
	GOLDEN("too many digits", "+QIURC: \"recv\",0,3,6162636\r\nOK\r\n",
	       "T0:+QIURC: \"recv\",0,3,6162636\nLOK\n"),
	GOLDEN("no closing quote", "+QIURC: \"recv\",0,2,\"6162\r\nOK\r\n",
	       "T0:+QIURC: \"recv\",0,2,\"6162\nLOK\n"),
	GOLDEN("text behind the closing quote", "+QIURC: \"recv\",0,2,\"ab\"x\r\nOK\r\n",
	       "T0:+QIURC: \"recv\",0,2,\"ab\"x\nLOK\n"),
	GOLDEN("no LF", "+QIURC: \"recv\",0,2,ab\rOK\r\n", "T0:+QIURC: \"recv\",0,2,ab<0D>OK\n"),
	/* Scanning resumes inside what was declared: a fence must pass before it counts. */
	GOLDEN("lines in what was declared", "+QIURC: \"recv\",2,17,a\r\nSEND OK\r\n>\r\nx\r\nyz",
	       "T2:+QIURC: \"recv\",2,17,a\nLSEND OK\n>\nLx\n"),
	GOLDEN("a whole frame in it", "+QIURC: \"recv\",0,20,a\r\n+QIURC: \"recv\",1,2,bc\r\n",
	       "T0:+QIURC: \"recv\",0,20,a\nP1:bc\n"),
};

/* What a module was certainly seen to do decides what is not certain by itself. */
static const struct golden quoting[] = {
	GOLDEN("lost two bytes, nothing known", "+QIURC: \"recv\",0,6,\"abcd\"\r\n",
	       "P0:\"abcd\"\n"),
	GOLDEN("lost two bytes, known to quote",
	       "+QIURC: \"recv\",0,2,\"ab\"\r\n+QIURC: \"recv\",0,6,\"abcd\"\r\n"
	       "+QIURC: \"recv\",0,6,abcde\"\r\n+QIURC: \"recv\",0,6,abcdef\r\n",
	       "P0:ab\nT0:+QIURC: \"recv\",0,6,\"abcd\"\nT0:+QIURC: \"recv\",0,6,abcde\"\n"
	       "T0:+QIURC: \"recv\",0,6,abcdef\n"),
	GOLDEN("a quote at the start, known never to quote",
	       "+QIURC: \"recv\",0,2,ab\r\n+QIURC: \"recv\",0,6,\"abcd\"\r\n",
	       "P0:ab\nP0:\"abcd\"\n"),
	GOLDEN("hex is certain too", "+QIURC: \"recv\",0,2,6162\r\n+QIURC: \"recv\",0,2,\"ab\"\r\n",
	       "P0:ab\nT0:+QIURC: \"recv\",0,2,\"ab\"\n"),
	GOLDEN("nothing learned from a quote at either end",
	       "+QIURC: \"recv\",0,2,\"a\r\n+QIURC: \"recv\",0,2,a\"\r\n"
	       "+QIURC: \"recv\",0,2,\"ab\"\r\n+QIURC: \"recv\",0,2,\"a\r\n",
	       "P0:\"a\nP0:a\"\nP0:ab\nT0:+QIURC: \"recv\",0,2,\"a\n"),
	GOLDEN("learned wrongly, and not for ever",
	       "+QIURC: \"recv\",0,2,ab\r\n"
	       "+QIURC: \"recv\",0,1,\"x\"\r\n+QIURC: \"recv\",0,1,\"x\"\r\n"
	       "+QIURC: \"recv\",0,1,\"x\"\r\n+QIURC: \"recv\",0,1,\"x\"\r\n",
	       "P0:ab\nT0:+QIURC: \"recv\",0,1,\"x\"\nT0:+QIURC: \"recv\",0,1,\"x\"\n"
	       "T0:+QIURC: \"recv\",0,1,\"x\"\nP0:x\n"),
};

static void play_table(struct play *play, const struct golden *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		play_every_way(play, table[i].name, table[i].bytes, table[i].size, table[i].want);
}

#define PLAY(play, table) play_table(play, table, sizeof(table) / sizeof((table)[0]))

int main(void)
{
	static const size_t sizes[] = {BC260Y_FRAMER_SIZE_MIN, 4096, 5000};
	struct play play;

	for (size_t i = 0; i < 3; i++) {
		play_init(&play, sizes[i]);
		PLAY(&play, lines);
		PLAY(&play, prompts);
		PLAY(&play, payloads);
		PLAY(&play, torn);
		PLAY(&play, quoting);
		play_free(&play);
	}
	return check_end("framer");
}
