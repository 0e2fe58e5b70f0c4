/*
 * The words of the manual's error codes (chapter 3), for people: a program that reads
 * numbers leaves this file out.
 */
#include "codec.h"

/* From 550 on without a gap. */
static const char *const errors[] = {
	"Unknown error",
	"Operation blocked",
	"Invalid parameters",
	"Memory not enough",
	"Create socket failed",
	"Operation not supported",
	"Socket bind failed",
	"Socket listen failed",
	"Socket write failed",
	"Socket read failed",
	"Socket accept failed",
	"Open PDP context failed",
	"Close PDP context failed",
	"Socket identity has been used",
	"DNS busy",
	"DNS parse failed",
	"Socket connection failed",
	"Socket has been closed",
	"Operation busy",
	"Operation timeout",
	"PDP context broken down",
	"Cancel send",
	"Operation not allowed",
	"APN not configured",
	"Port busy",
};

const char *bc260y_error_text(int code)
{
	int index = code - BC260Y_ERROR_FIRST;

	return index >= 0 && index < (int)(sizeof(errors) / sizeof(errors[0])) ? errors[index]
									       : NULL;
}
