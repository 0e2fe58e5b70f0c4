/*
 * How the tables of forms are written: for forms.c and forms_module.c alone.
 */
#ifndef BC260Y_FORMS_IN_H
#define BC260Y_FORMS_IN_H

#include "codec.h"

/* clang-format off */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NUMBER(name, min, max)     {name, max, min, BC260Y_KIND_NUMBER, false}
#define NUMBER_OPT(name, min, max) {name, max, min, BC260Y_KIND_NUMBER, true}
/* from -max to max, in responses alone */
#define SIGNED_OPT(name, max)      {name, max, 0, BC260Y_KIND_SIGNED, true}
#define FIXED(name, number)        {name, number, number, BC260Y_KIND_FIXED, false}
#define TEXT(name, max)            {name, max, 0, BC260Y_KIND_TEXT, false}
#define TEXT_OPT(name, max)        {name, max, 0, BC260Y_KIND_TEXT, true}
#define REST(name, max)            {name, max, 0, BC260Y_KIND_REST, false}
#define REST_OPT(name, max)        {name, max, 0, BC260Y_KIND_REST, true}
#define QUOTED(name, min, max)     {name, max, min, BC260Y_KIND_QUOTED, false}
#define QUOTED_OPT(name, min, max) {name, max, min, BC260Y_KIND_QUOTED, true}

#define PLAIN(name, prefix)        {name, prefix, 0, NULL}
#define FORM(name, prefix, fields) {name, prefix, COUNT(fields), fields}

#define TABLE(commands, responses) {commands, responses, COUNT(commands), COUNT(responses)}
/* clang-format on */

#endif
