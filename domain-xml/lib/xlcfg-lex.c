/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlcfg-lex.h"

#include <string.h>

#include "domain-xml.h"

gboolean xlcfg_fail(GError **error, int code, const char *filename, guint line, guint column,
                    const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    if (line)
        g_set_error(error, DOMAIN_XML_ERROR, code, "%s:%u:%u: %s", filename, line, column, what);
    else
        g_set_error(error, DOMAIN_XML_ERROR, code, "%s: %s", filename, what);
    return FALSE;
}

void xlcfg_lexer_init(XlLexer *lexer, const char *text, const char *filename)
{
    *lexer = (XlLexer){ .filename = filename, .at = text, .line = 1, .column = 1 };
    if (g_str_has_prefix(text, "\xef\xbb\xbf")) /* byte order mark */
        lexer->at += 3;
    lexer->token.text = g_string_new(NULL);
}

void xlcfg_lexer_clear(XlLexer *lexer)
{
    g_string_free(g_steal_pointer(&lexer->token.text), TRUE);
}

static gboolean lexer_fail(XlLexer *lexer, GError **error, const char *what)
{
    return xlcfg_fail(error, DOMAIN_XML_ERROR_CONF_SYNTAX, lexer->filename, lexer->line,
                      lexer->column, "%s", what);
}

/* Steps over one byte; a character's following bytes do not count as columns. */
static void lexer_step(XlLexer *lexer)
{
    if (*lexer->at == '\n') {
        lexer->line++;
        lexer->column = 1;
    } else if (((guchar)lexer->at[1] & 0xc0) != 0x80) {
        lexer->column++;
    }
    lexer->at++;
}

static void lexer_skip_blanks(XlLexer *lexer)
{
    for (;;) {
        const char *at = lexer->at;

        if (*at == '#') {
            while (*lexer->at && *lexer->at != '\n')
                lexer_step(lexer);
        } else if (at[0] == '\\' && (at[1] == '\n' || (at[1] == '\r' && at[2] == '\n'))) {
            while (*lexer->at != '\n')
                lexer_step(lexer);
            lexer_step(lexer);
        } else if (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\f') {
            lexer_step(lexer);
        } else {
            return;
        }
    }
}

/* \xHH and \OOO. Fails on NUL, which no C string can hold. */
static gboolean lexer_numeric_escape(XlLexer *lexer, GString *out, GError **error)
{
    gboolean hex = *lexer->at == 'x';
    guint max = hex ? 2 : 3, value = 0, n = 0;

    if (hex)
        lexer_step(lexer);
    while (n < max &&
           (hex ? g_ascii_isxdigit(*lexer->at) : (*lexer->at >= '0' && *lexer->at <= '7'))) {
        value = value * (hex ? 16 : 8) + (guint)g_ascii_xdigit_value(*lexer->at);
        lexer_step(lexer);
        n++;
    }
    if (n == 0)
        return lexer_fail(lexer, error, "invalid digit after \\x in a string");
    if (value == 0 || value > 255)
        return lexer_fail(lexer, error, "a character code must be 1 to 255");
    g_string_append_c(out, (char)value);
    return TRUE;
}

/* Behind a backslash. The letters of C, as xl takes them. */
static gboolean lexer_escape(XlLexer *lexer, GString *out, GError **error)
{
    static const char letters[] = "abfnrtv\\\"'", meanings[] = "\a\b\f\n\r\t\v\\\"'";
    const char *found;

    if (*lexer->at == 'x' || (*lexer->at >= '0' && *lexer->at <= '7'))
        return lexer_numeric_escape(lexer, out, error);
    found = *lexer->at ? strchr(letters, *lexer->at) : NULL;
    if (!found)
        return lexer_fail(lexer, error, "invalid character after a backslash in a string");
    g_string_append_c(out, meanings[found - letters]);
    lexer_step(lexer);
    return TRUE;
}

static gboolean at_quotes(const XlLexer *lexer, char quote, guint n)
{
    guint i = 0;

    while (i < n && lexer->at[i] == quote)
        i++;
    return i == n;
}

/* In one quote on one line, or in three and as long as it likes. */
static gboolean lexer_string(XlLexer *lexer, GError **error)
{
    XlToken *token = &lexer->token;
    char quote = *lexer->at;
    guint quotes = at_quotes(lexer, quote, 3) ? 3 : 1;

    token->kind = XL_TOKEN_STRING;
    for (guint i = 0; i < quotes; i++)
        lexer_step(lexer);
    while (!at_quotes(lexer, quote, quotes)) {
        if (!*lexer->at || (*lexer->at == '\n' && quotes == 1))
            return xlcfg_fail(
                error, DOMAIN_XML_ERROR_CONF_SYNTAX, lexer->filename, token->line, token->column,
                quotes == 1 ? "the string does not end on its line" : "the string does not end");
        if (*lexer->at == '\\') {
            lexer_step(lexer);
            if (!lexer_escape(lexer, token->text, error))
                return FALSE;
            continue;
        }
        g_string_append_c(token->text, *lexer->at);
        lexer_step(lexer);
    }
    for (guint i = 0; i < quotes; i++)
        lexer_step(lexer);
    if (!g_utf8_validate(token->text->str, -1, NULL))
        return xlcfg_fail(error, DOMAIN_XML_ERROR_CONF_SYNTAX, lexer->filename, token->line,
                          token->column, "the string is not UTF-8");
    return TRUE;
}

static void lexer_run(XlLexer *lexer, XlTokenKind kind)
{
    lexer->token.kind = kind;
    while (g_ascii_isalnum(*lexer->at) || *lexer->at == '_' ||
           (kind == XL_TOKEN_NUMBER && *lexer->at == '.')) {
        g_string_append_c(lexer->token.text, *lexer->at);
        lexer_step(lexer);
    }
}

gboolean xlcfg_lexer_next(XlLexer *lexer, GError **error)
{
    XlToken *token = &lexer->token;
    char c;

    lexer_skip_blanks(lexer);
    c = *lexer->at;
    g_string_truncate(token->text, 0);
    token->line = lexer->line;
    token->column = lexer->column;
    if (!c) {
        token->kind = XL_TOKEN_END;
    } else if (c == '\n') {
        token->kind = XL_TOKEN_NEWLINE;
        lexer_step(lexer);
    } else if (c == '"' || c == '\'') {
        return lexer_string(lexer, error);
    } else if (g_ascii_isdigit(c)) {
        lexer_run(lexer, XL_TOKEN_NUMBER);
    } else if (g_ascii_isalpha(c) || c == '_') {
        lexer_run(lexer, XL_TOKEN_WORD);
    } else if (g_ascii_ispunct(c)) {
        token->kind = XL_TOKEN_PUNCT;
        token->punct = c;
        lexer_step(lexer);
    } else {
        return lexer_fail(lexer, error, "unexpected character");
    }
    return TRUE;
}

gboolean xlcfg_token_is(const XlToken *token, char punct)
{
    return token->kind == XL_TOKEN_PUNCT && token->punct == punct;
}

char *xlcfg_token_describe(const XlToken *token)
{
    switch (token->kind) {
    case XL_TOKEN_END:
        return g_strdup("the end of the file");
    case XL_TOKEN_NEWLINE:
        return g_strdup("the end of the line");
    case XL_TOKEN_PUNCT:
        return g_strdup_printf("'%c'", token->punct);
    case XL_TOKEN_STRING:
        return g_strdup_printf("the string '%s'", token->text->str);
    case XL_TOKEN_WORD:
    case XL_TOKEN_NUMBER:
        break;
    }
    return g_strdup_printf("'%s'", token->text->str);
}
