/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of an xl.cfg file, with line and column. Punctuation that only Python has comes through
 * as well: the parser decides what may be skipped.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    XL_TOKEN_END,
    XL_TOKEN_NEWLINE,
    XL_TOKEN_WORD,   /* identifier */
    XL_TOKEN_NUMBER, /* starts with a digit */
    XL_TOKEN_STRING,
    XL_TOKEN_PUNCT,
} XlTokenKind;

typedef struct {
    XlTokenKind kind;
    GString *text; /* WORD, NUMBER; STRING decoded */
    char punct;
    guint line, column; /* from 1; columns count characters */
} XlToken;

typedef struct {
    const char *filename; /* borrowed, for messages */
    const char *at;       /* borrowed text */
    guint line, column;
    XlToken token; /* the current one */
} XlLexer;

void xlcfg_lexer_init(XlLexer *lexer, const char *text, const char *filename);
void xlcfg_lexer_clear(XlLexer *lexer);
/* Moves to the next token. FALSE: an error with FILE:LINE:COLUMN. */
gboolean xlcfg_lexer_next(XlLexer *lexer, GError **error);

gboolean xlcfg_token_is(const XlToken *token, char punct);
/* What stands there, for messages: "'foo'", "the end of the line". */
char *xlcfg_token_describe(const XlToken *token);

/* Sets DOMAIN_XML_ERROR with "FILE:LINE:COLUMN: " before the text; always FALSE. */
gboolean xlcfg_fail(GError **error, int code, const char *filename, guint line, guint column,
                    const char *format, ...) G_GNUC_PRINTF(6, 7);

G_END_DECLS
