/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlcfg-syntax.h"

#include <string.h>

#include "domain-xml.h"
#include "xlcfg-lex.h"

enum { MAX_NESTING = 16 }; /* of lists and of if blocks; no option needs more than two */

typedef struct {
    XlLexer lexer;
    GPtrArray *settings;
    GHashTable *by_key;        /* borrowed from settings */
    gboolean python;           /* an import or if was seen: unknown expressions are Python's */
    guint blocks[MAX_NESTING]; /* columns of the open ifs */
    guint n_blocks;
    guint closed_block;      /* column of the if that an else may follow, or 0 */
    gboolean block_is_empty; /* the innermost block has no statement yet */
} Parser;

static void setting_free(XlSetting *setting)
{
    g_free(setting->key);
    xlcfg_value_free(setting->value);
    g_free(setting);
}

static gboolean fail_at_token(Parser *parser, GError **error, const char *wanted)
{
    const XlToken *token = &parser->lexer.token;
    g_autofree char *found = xlcfg_token_describe(token);

    return xlcfg_fail(error, DOMAIN_XML_ERROR_CONF_SYNTAX, parser->lexer.filename, token->line,
                      token->column, "expected %s, found %s", wanted, found);
}

static gboolean next(Parser *parser, GError **error)
{
    return xlcfg_lexer_next(&parser->lexer, error);
}

static gboolean skip_newlines(Parser *parser, GError **error)
{
    while (parser->lexer.token.kind == XL_TOKEN_NEWLINE)
        if (!next(parser, error))
            return FALSE;
    return TRUE;
}

static gboolean at_statement_end(Parser *parser)
{
    const XlToken *token = &parser->lexer.token;

    return token->kind == XL_TOKEN_END || token->kind == XL_TOKEN_NEWLINE ||
           xlcfg_token_is(token, ';');
}

static XlValue *parse_value(Parser *parser, guint depth, GError **error);

static XlValue *parse_list(Parser *parser, guint depth, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    g_autoptr(XlValue) list = xlcfg_value_new_list(token->line, token->column);

    if (depth == MAX_NESTING) {
        fail_at_token(parser, error, "lists nested less deeply");
        return NULL;
    }
    if (!next(parser, error) || !skip_newlines(parser, error))
        return NULL;
    while (!xlcfg_token_is(token, ']')) {
        XlValue *item = parse_value(parser, depth + 1, error);

        if (!item)
            return NULL;
        g_ptr_array_add(list->items, item);
        if (!skip_newlines(parser, error))
            return NULL;
        if (xlcfg_token_is(token, ']'))
            break;
        if (!xlcfg_token_is(token, ',')) {
            fail_at_token(parser, error, "',' or ']'");
            return NULL;
        }
        if (!next(parser, error) || !skip_newlines(parser, error))
            return NULL;
    }
    return next(parser, error) ? g_steal_pointer(&list) : NULL;
}

/* Python's words for truth, which xm's files have. */
static const char *truth_digit(const XlToken *token)
{
    if (token->kind != XL_TOKEN_WORD)
        return NULL;
    if (!strcmp(token->text->str, "True"))
        return "1";
    return strcmp(token->text->str, "False") ? NULL : "0";
}

static XlValue *parse_number(Parser *parser, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    guint line = token->line, column = token->column;
    gboolean negative = xlcfg_token_is(token, '-');
    g_autofree char *text = NULL;
    gint64 ignored;

    if (negative && !next(parser, error))
        return NULL;
    text = g_strdup_printf("%s%s", negative ? "-" : "", token->text->str);
    if (token->kind != XL_TOKEN_NUMBER || !xlcfg_text_to_int(text, &ignored)) {
        fail_at_token(parser, error, "a whole number");
        return NULL;
    }
    return next(parser, error) ? xlcfg_value_new_atom(XL_VALUE_NUMBER, text, line, column) : NULL;
}

static XlValue *parse_value(Parser *parser, guint depth, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    g_autoptr(XlValue) atom = NULL;

    if (xlcfg_token_is(token, '['))
        return parse_list(parser, depth, error);
    if (token->kind == XL_TOKEN_NUMBER || xlcfg_token_is(token, '-'))
        return parse_number(parser, error);
    if (token->kind == XL_TOKEN_STRING)
        atom = xlcfg_value_new_atom(XL_VALUE_STRING, token->text->str, token->line, token->column);
    else if (truth_digit(token))
        atom =
            xlcfg_value_new_atom(XL_VALUE_NUMBER, truth_digit(token), token->line, token->column);
    else {
        fail_at_token(parser, error, "a string, a number or a list");
        return NULL;
    }
    return next(parser, error) ? g_steal_pointer(&atom) : NULL;
}

/* To the end of a Python expression: the end of the line, or a ';' or stop, outside brackets. */
static gboolean skip_expression(Parser *parser, char stop, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    guint depth = 0;

    for (;;) {
        gboolean ended = token->kind == XL_TOKEN_END;

        if (depth == 0)
            ended = ended || at_statement_end(parser) || (stop && xlcfg_token_is(token, stop));
        if (ended)
            break;
        if (token->kind == XL_TOKEN_PUNCT && strchr("([{", token->punct))
            depth++;
        if (token->kind == XL_TOKEN_PUNCT && strchr(")]}", token->punct) && depth-- == 0)
            return fail_at_token(parser, error, "an expression");
        if (!next(parser, error))
            return FALSE;
    }
    if (depth)
        return fail_at_token(parser, error, "a closing bracket");
    return TRUE;
}

static gboolean add_to_value(Parser *parser, XlSetting *setting, const XlSetting *old,
                             GError **error)
{
    XlValue *sum;

    if (!old)
        return TRUE;
    setting->conditional = setting->conditional || old->conditional;
    if (!setting->value || !old->value) {
        g_clear_pointer(&setting->value, xlcfg_value_free);
        return TRUE;
    }
    if (setting->value->kind != old->value->kind || setting->value->kind == XL_VALUE_NUMBER)
        return xlcfg_fail(error, DOMAIN_XML_ERROR_CONF_SYNTAX, parser->lexer.filename,
                          setting->value_line, setting->value_column,
                          "'%s' +=: only a string can be added to a string, a list to a list",
                          setting->key);
    sum = xlcfg_value_dup(old->value);
    if (sum->kind == XL_VALUE_STRING) {
        char *joined = g_strconcat(sum->text, setting->value->text, NULL);

        g_free(sum->text);
        sum->text = joined;
    } else {
        for (guint i = 0; i < setting->value->items->len; i++)
            g_ptr_array_add(sum->items, xlcfg_value_dup(setting->value->items->pdata[i]));
    }
    xlcfg_value_free(setting->value);
    setting->value = sum;
    return TRUE;
}

static void keep_setting(Parser *parser, XlSetting *setting)
{
    XlSetting *old = g_hash_table_lookup(parser->by_key, setting->key);

    if (old) {
        g_hash_table_remove(parser->by_key, setting->key);
        g_ptr_array_remove(parser->settings, old);
    }
    g_ptr_array_add(parser->settings, setting);
    g_hash_table_insert(parser->by_key, setting->key, setting);
}

/* Behind the key: '=' or '+=', and the value. Where Python is about, what is no value is an
 * expression. */
static gboolean parse_assigned(Parser *parser, XlSetting *setting, gboolean *ret_add,
                               GError **error)
{
    const XlToken *token = &parser->lexer.token;
    g_autoptr(GError) why = NULL;

    *ret_add = xlcfg_token_is(token, '+');
    if (*ret_add && !next(parser, error))
        return FALSE;
    if (!xlcfg_token_is(token, '='))
        return fail_at_token(parser, error, "'=' after the option's name");
    if (!next(parser, error))
        return FALSE;
    setting->value_line = token->line;
    setting->value_column = token->column;
    if (at_statement_end(parser))
        return fail_at_token(parser, error, "a value");
    setting->value = parse_value(parser, 0, &why);
    if (setting->value && !at_statement_end(parser))
        fail_at_token(parser, &why, "the end of the statement");
    if (!why)
        return TRUE;
    if (!parser->python) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    g_clear_pointer(&setting->value, xlcfg_value_free);
    return TRUE;
}

static gboolean parse_assignment(Parser *parser, gboolean conditional, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    XlSetting *setting = g_new0(XlSetting, 1);
    XlLexer before;
    gboolean add = FALSE, ok;

    setting->key = g_strdup(token->text->str);
    setting->conditional = conditional;
    setting->line = token->line;
    setting->column = token->column;
    ok = next(parser, error);
    before = parser->lexer;
    ok = ok && parse_assigned(parser, setting, &add, error);
    if (ok && !setting->value) { /* read it again, as an expression */
        GString *text = parser->lexer.token.text;

        parser->lexer = before;
        parser->lexer.token.text = text;
        ok = skip_expression(parser, 0, error);
    }
    if (ok && add)
        ok =
            add_to_value(parser, setting, g_hash_table_lookup(parser->by_key, setting->key), error);
    if (!ok) {
        setting_free(setting);
        return FALSE;
    }
    keep_setting(parser, setting);
    return TRUE;
}

/* Leaves the blocks that a line beginning at column is not part of. */
static gboolean close_blocks(Parser *parser, guint column, GError **error)
{
    parser->closed_block = 0;
    while (parser->n_blocks && column <= parser->blocks[parser->n_blocks - 1]) {
        if (parser->block_is_empty)
            return fail_at_token(parser, error, "an indented line below the if");
        parser->n_blocks--;
        if (parser->blocks[parser->n_blocks] == column)
            parser->closed_block = column;
    }
    parser->block_is_empty = FALSE;
    return TRUE;
}

static gboolean parse_statement(Parser *parser, gboolean on_line_of_if, GError **error);

/* if, elif and else with what follows the colon on the same line. */
static gboolean parse_condition(Parser *parser, guint column, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    gboolean follows = strcmp(token->text->str, "if") != 0;

    if (follows && parser->closed_block != column)
        return fail_at_token(parser, error, "an if before it");
    parser->python = TRUE;
    if (!next(parser, error) || !skip_expression(parser, ':', error))
        return FALSE;
    if (!xlcfg_token_is(token, ':'))
        return fail_at_token(parser, error, "':'");
    if (!next(parser, error))
        return FALSE;
    if (parser->n_blocks == MAX_NESTING)
        return fail_at_token(parser, error, "ifs nested less deeply");
    parser->blocks[parser->n_blocks++] = column;
    parser->block_is_empty = token->kind == XL_TOKEN_NEWLINE;
    while (token->kind != XL_TOKEN_NEWLINE && token->kind != XL_TOKEN_END) {
        if (!parse_statement(parser, TRUE, error))
            return FALSE;
        if (xlcfg_token_is(token, ';') && !next(parser, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_word_of(const XlToken *token, const char *const *words)
{
    return token->kind == XL_TOKEN_WORD && g_strv_contains(words, token->text->str);
}

static gboolean is_assignment_next(const XlLexer *lexer)
{
    const char *at = lexer->at;

    while (*at == ' ' || *at == '\t')
        at++;
    return (at[0] == '=' && at[1] != '=') || (at[0] == '+' && at[1] == '=');
}

static gboolean parse_statement(Parser *parser, gboolean on_line_of_if, GError **error)
{
    static const char *const imports[] = { "import", "from", NULL };
    static const char *const conditions[] = { "if", "elif", "else", NULL };
    static const char *const nothing[] = { "pass", NULL };
    const XlToken *token = &parser->lexer.token;
    gboolean ok;

    if (token->kind != XL_TOKEN_WORD)
        return fail_at_token(parser, error, "an option's name");
    if (is_assignment_next(&parser->lexer)) {
        ok = parse_assignment(parser, on_line_of_if || parser->n_blocks, error);
    } else if (is_word_of(token, imports)) {
        parser->python = TRUE;
        ok = skip_expression(parser, 0, error);
    } else if (is_word_of(token, conditions) && !on_line_of_if) {
        return parse_condition(parser, token->column, error);
    } else if (is_word_of(token, nothing) && parser->python) {
        ok = next(parser, error);
    } else {
        return xlcfg_fail(
            error, DOMAIN_XML_ERROR_CONF_SYNTAX, parser->lexer.filename, token->line, token->column,
            "'%s' does not begin an assignment (Python is not executed)", token->text->str);
    }
    if (ok && !at_statement_end(parser))
        ok = fail_at_token(parser, error, "the end of the statement");
    return ok;
}

static gboolean parse_file(Parser *parser, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    gboolean line_start = TRUE;

    if (!next(parser, error))
        return FALSE;
    while (token->kind != XL_TOKEN_END) {
        if (token->kind == XL_TOKEN_NEWLINE || xlcfg_token_is(token, ';')) {
            line_start = token->kind == XL_TOKEN_NEWLINE;
            if (!next(parser, error))
                return FALSE;
            continue;
        }
        if (line_start && !close_blocks(parser, token->column, error))
            return FALSE;
        line_start = FALSE;
        if (!parse_statement(parser, FALSE, error))
            return FALSE;
    }
    return close_blocks(parser, 0, error);
}

GPtrArray *xlcfg_syntax_parse(const char *text, const char *filename, GError **error)
{
    Parser parser = { 0 };
    g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func((GDestroyNotify)setting_free);
    gboolean ok;

    parser.settings = settings;
    parser.by_key = g_hash_table_new(g_str_hash, g_str_equal);
    xlcfg_lexer_init(&parser.lexer, text, filename);
    ok = parse_file(&parser, error);
    xlcfg_lexer_clear(&parser.lexer);
    g_hash_table_unref(parser.by_key);
    return ok ? g_steal_pointer(&settings) : NULL;
}

XlValue *xlcfg_syntax_parse_value(const char *text)
{
    Parser parser = { 0 };
    g_autoptr(XlValue) value = NULL;
    gboolean ok;

    xlcfg_lexer_init(&parser.lexer, text, "");
    ok = next(&parser, NULL) && (value = parse_value(&parser, 0, NULL)) != NULL &&
         parser.lexer.token.kind == XL_TOKEN_END;
    xlcfg_lexer_clear(&parser.lexer);
    return ok ? g_steal_pointer(&value) : NULL;
}
