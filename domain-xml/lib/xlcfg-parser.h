/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parser of xl.cfg files: xlcfg-syntax.c reads statements, xlcfg-expr.c what stands in them.
 * Python's expressions are worked out where that takes no more than the file itself: strings,
 * numbers, lists, variables given before, + and %, os.uname(), re.search() and comparisons.
 */
#pragma once

#include "xlcfg-lex.h"
#include "xlcfg-syntax.h"

G_BEGIN_DECLS

enum { XL_MAX_NESTING = 16 }; /* of lists and of if blocks; no option needs more than two */

/* What is known of a condition, and so of the statements below it. */
typedef enum { XL_FALSE, XL_TRUE, XL_UNKNOWN } XlTruth;

typedef struct {
    guint column;  /* of the if */
    XlTruth here;  /* whether its statements are run */
    XlTruth taken; /* whether this branch or one before it is */
} XlBlock;

typedef struct {
    XlLexer lexer;
    GPtrArray *settings;            /* of XlSetting */
    GHashTable *by_key;             /* borrowed from settings; NULL: there are no variables */
    gboolean python;                /* an import or if was seen: unknown expressions are Python's */
    gsize copied;                   /* by variables, so that a short file makes no long values */
    XlBlock blocks[XL_MAX_NESTING]; /* the open ifs */
    guint n_blocks;
    XlBlock closed;          /* the if that an else may follow; column 0: none */
    gboolean block_is_empty; /* the innermost block has no statement yet */
} XlParser;

/* "expected WANTED, found ..." at the present token; FALSE. */
gboolean xlcfg_parser_fail(XlParser *parser, GError **error, const char *wanted);
gboolean xlcfg_parser_next(XlParser *parser, GError **error);
gboolean xlcfg_parser_at_statement_end(XlParser *parser);
/* Back to where before was taken; the token there counts only if it has no text. */
void xlcfg_parser_rewind(XlParser *parser, const XlLexer *before);

/* A value; NULL is an error, which in a file with Python may only mean that it is not known. */
XlValue *xlcfg_expr_parse(XlParser *parser, guint depth, GError **error);
/* left + right as Python has it: both strings, numbers or lists. Takes neither. */
XlValue *xlcfg_expr_add(XlParser *parser, const XlValue *left, const XlValue *right,
                        GError **error);
/* The condition behind the present token, up to stop, which becomes the present one. */
gboolean xlcfg_expr_condition(XlParser *parser, char stop, XlTruth *ret_truth, GError **error);
/* To the end of a Python expression: the end of the line, or a ';' or stop, outside brackets. */
gboolean xlcfg_expr_skip(XlParser *parser, char stop, GError **error);

G_END_DECLS
